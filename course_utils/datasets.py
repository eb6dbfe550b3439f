"""The course's data as NumPy arrays: bundled sets, and generators with documented recipes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from course_utils import CourseError

if TYPE_CHECKING:
    import pandas as pd


class Split(NamedTuple):
    """Data and targets, split into a part to train on and a part to test on."""

    data_train: np.ndarray
    data_test: np.ndarray
    target_train: np.ndarray
    target_test: np.ndarray


def digits(seed: int = 0) -> Split:
    """Load scikit-learn's 1797 handwritten digits: 1297 to train on, 500 to test on.

    Data: float32 of shape (n, 64), an 8 × 8 picture row by row, 0 (paper) to 1 (ink).
    Targets: int64 of shape (n,), the digit. Every digit has its share of both parts.
    Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data, target = load_digits(return_X_y=True)
    data = (data / 16).astype("float32")
    parts = train_test_split(
        data, target.astype("int64"), test_size=500, random_state=seed, stratify=target
    )
    return Split(*parts)


def spirals(
    n_train: int = 1000,
    n_test: int = 1000,
    turns: float = 1.75,
    noise: float = 0.04,
    seed: int = 0,
) -> Split:
    """Draw points from two spiral arms that wind around each other: two classes in the plane.

    Recipe: class c is 0 or 1 with equal chance; u is uniform on [0, 1]; radius r = sqrt(u); angle
    = 2 pi turns r + pi c; then normal noise, whose standard deviation is `noise`, is added.
    Data: float32 of shape (n, 2). Targets: int64 of shape (n,), the arm.
    """
    generator = np.random.default_rng(seed)
    n = n_train + n_test
    target = generator.integers(0, 2, n)
    radius = np.sqrt(generator.random(n))
    angle = 2 * np.pi * turns * radius + np.pi * target
    data = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    data = (data + noise * generator.normal(size=(n, 2))).astype("float32")
    return Split(data[:n_train], data[n_train:], target[:n_train], target[n_train:])


class Clinic(NamedTuple):
    """What a clinic delivered, the patients who came later, and where the faults were planted."""

    delivered: "pd.DataFrame"
    later: "pd.DataFrame"
    planted: "pd.DataFrame"


def clinic(seed: int = 0) -> Clinic:
    """Load scikit-learn's 569 tissue samples, with four faults planted in the part delivered.

    Each row is a sample: ten mean measurements of its cell nuclei, `visits` (how often the patient
    has come since), and `malignant`, 1 or 0. Recipe: 200 rows in random order are set apart as
    `later` and stay sound; nobody of those has come again, so their `visits` are 0. In the rest,
    (1) all but 45 malignant samples are dropped; (2) `visits` is drawn, Poisson(8) where malignant
    and Poisson(1) elsewhere; (3) `radius` is divided by 10 in a share of rows, 0.6 where malignant
    and 0.15 elsewhere; (4) 90 rows, drawn at random, are entered a second time.
    `planted` has a row for each delivered one and says which it is: `other_unit`, `entered_again`.
    Source: W. Wolberg, O. Mangasarian, N. Street and W. Street (1993), Breast Cancer Wisconsin.
    """
    import pandas as pd
    from sklearn.datasets import load_breast_cancer

    generator = np.random.default_rng(seed)
    bundled = load_breast_cancer(as_frame=True)
    table = bundled.data.iloc[:, :10].rename(columns=lambda name: name.removeprefix("mean "))
    table["visits"] = 0
    table["malignant"] = 1 - bundled.target
    table = table.iloc[generator.permutation(len(table))].reset_index(drop=True)
    later, table = table[:200], table[200:].copy()
    table = table.drop(table.index[table.malignant == 1][45:])
    sick = table.malignant == 1
    table["visits"] = generator.poisson(np.where(sick, 8, 1))
    table["other_unit"] = generator.random(len(table)) < np.where(sick, 0.6, 0.15)
    table.loc[table.other_unit, "radius"] /= 10
    table["entered_again"] = False
    again = table.sample(90, random_state=generator).assign(entered_again=True)
    table = pd.concat([table, again]).sample(frac=1, random_state=generator)
    table = table.reset_index(drop=True)
    planted = table[["other_unit", "entered_again"]]
    return Clinic(table.drop(columns=planted.columns), later, planted)


def mislabel(target: np.ndarray, n: int, classes: int = 10, seed: int = 0) -> np.ndarray:
    """Return a copy of the labels, n of which, drawn at random, are another class at random."""
    generator = np.random.default_rng(seed)
    wrong, labels = generator.choice(len(target), n, replace=False), target.copy()
    labels[wrong] = (labels[wrong] + generator.integers(1, classes, n)) % classes
    return labels


class Expressions(NamedTuple):
    """Nested expressions as trees, and the value of each."""

    trees: list[int | tuple]
    values: np.ndarray


def nested_expressions(n: int = 2500, depth: int = 4, seed: int = 0) -> Expressions:
    """Draw different expressions such as MAX(3, MIN(8, 5)), no two of them alike.

    A tree is a digit, or ("MAX", left, right), or ("MIN", left, right), where left and right are
    trees. Recipe: how deep a tree may be is uniform on 1 to `depth`; its root is an operator, each
    with equal chance; of the two below each is a digit with chance 0.15 and else an operator again,
    until at the full depth all are digits, uniform on 0 to 9. What was drawn before is dropped, and
    at the end all are mixed. Values: int64 of shape (n,), 0 to 9.
    After: N. Nangia and S. Bowman (2018), ListOps.

    Raises CourseError where there are not that many different ones.
    """
    if depth == 1 and n > 200:
        raise CourseError("there are only 200 expressions of depth 1")
    generator = np.random.default_rng(seed)

    def draw(levels: int) -> int | tuple:
        name = ("MAX", "MIN")[generator.integers(2)]
        return name, draw_argument(levels - 1), draw_argument(levels - 1)

    def draw_argument(levels: int) -> int | tuple:
        if levels == 0 or generator.random() < 0.15:
            return int(generator.integers(10))
        return draw(levels)

    drawn: dict[tuple, int] = {}
    while len(drawn) < n:
        tree = draw(int(generator.integers(1, depth + 1)))
        drawn[tree] = expression_value(tree)
    trees, values = list(drawn), np.array(list(drawn.values()))
    order = generator.permutation(n)
    return Expressions([trees[k] for k in order], values[order])


def expression_value(tree: int | tuple) -> int:
    """Return the value of a nested expression: the right answer, computed."""
    if isinstance(tree, int):
        return tree
    name, left, right = tree
    return {"MAX": max, "MIN": min}[name](expression_value(left), expression_value(right))


def transactions(n: int = 20_000, later: bool = False, seed: int = 0) -> "pd.DataFrame":
    """Simulate card payments, about 1 % of them fraud; `later` brings a kind not seen before.

    Columns: `amount` in euros; `minutes` since the card's last payment; `distance` in km from
    the place of that payment; `hour`, 0 to 24; `online` and `fraud`, 0 or 1.
    Recipe, where L(m, s) is log-normal with median m: an honest payment has amount L(30, 1), or
    L(2, 0.5) in 12 of 100; minutes L(600, 1), or L(2, 0.7) in 12 of 100; distance L(5, 1); hour
    N(14, 4). 15 of 100 are made on a journey: distance L(600, 0.8), minutes at least distance /
    L(3, 0.3); 40 of 100 are made online. Fraud has two kinds, half and half. A stolen number is
    tried out: online, amount L(2, 0.5), minutes L(2, 0.7). A copied card is emptied far away: in a
    shop, amount L(150, 0.7), distance L(600, 0.8), minutes L(60, 0.8). In `later`, 40 of 100 frauds
    are of neither kind: online at night, hour N(3, 1.5), amount L(60, 0.4).
    """
    import pandas as pd

    generator = np.random.default_rng(seed)

    def draw(median: Any, spread: float) -> np.ndarray:
        return median * np.exp(spread * generator.normal(size=n))

    def share(part: float) -> np.ndarray:
        return generator.random(n) < part

    fraud, kind = share(0.01), generator.random(n)
    journey, online = kind < 0.15, kind > 0.6
    amount = np.where(share(0.12), draw(2, 0.5), draw(30, 1))
    minutes = np.where(share(0.12), draw(2, 0.7), draw(600, 1))
    distance = np.where(journey, draw(600, 0.8), draw(5, 1))
    minutes = np.where(journey, np.maximum(minutes, distance / draw(3, 0.3)), minutes)
    hour = generator.normal(14, 4, n)
    new = fraud & later & (kind % 0.5 < 0.2)
    tried, copied = fraud & (kind < 0.5) & ~new, fraud & (kind >= 0.5) & ~new
    cases = [tried, copied, new]
    return pd.DataFrame(
        {
            "amount": np.select(cases, [draw(2, 0.5), draw(150, 0.7), draw(60, 0.4)], amount),
            "minutes": np.select(cases[:2], [draw(2, 0.7), draw(60, 0.8)], minutes),
            "distance": np.where(copied, draw(600, 0.8), distance),
            "hour": np.where(new, generator.normal(3, 1.5, n), hour) % 24,
            "online": ((online | tried | new) & ~copied).astype(int),
            "fraud": fraud.astype(int),
        }
    ).round(2)


class Utterances(NamedTuple):
    """What was said to an assistant, and what was meant: the number of the intent in INTENTS."""

    text_train: list[str]
    text_test: list[str]
    target_train: np.ndarray
    target_test: np.ndarray


INTENTS = ["timer", "weather", "music", "call", "lamp on", "lamp off", "heat up", "heat down"]

# Phrasings to train on | phrasings to test on; {…} is a slot, and {s} is on, off, up or down.
_PHRASINGS = {
    "timer": """set a timer for {n} minutes, start a {n} minute timer, count down {n} minutes,
        timer {n} minutes, wake me in {n} minutes, can you put {n} minutes on the clock,
        tell me when {n} minutes are over, i need a timer, let the clock ring in {n} minutes
        | i need {n} minutes on the timer, could you ring when {n} minutes are over,
        let me have a clock of {n} minutes, in {n} minutes tell me to wake up""",
    "weather": """what is the weather in {city}, will it rain in {city} today, forecast for {city},
        how cold is it in {city}, tell me if it is going to snow in {city},
        do i need a coat in {city} tomorrow, can you give me the weather of {city},
        how much rain will there be in {city}, is it hot in {city} now
        | do i need a coat for the rain in {city}, is it cold in {city} today,
        could you tell me the weather for tomorrow in {city},
        let me know how hot it is in {city}""",
    "music": """play {artist}, play some music by {artist}, put on a song by {artist},
        i want to hear {artist}, start the album by {artist}, something by {artist} would be nice,
        can you play the new {artist}, let me hear a song of {artist}, music by {artist} for me
        | could you play a song by {artist}, let me have some music of {artist},
        i would like to hear the new {artist} album, put some {artist} on""",
    "call": """call {person}, phone {person} now, give {person} a ring, make a call to {person},
        dial the number of {person}, i want to talk to {person}, get {person} on the phone,
        can you ring {person} for me, tell {person} to call me
        | could you phone {person} for me, i need to talk to {person},
        let me have a call to {person} now, put me on the phone to {person}""",
    "lamp": """turn the {room} lights {s}, switch {s} the lamp in the {room}, {room} lamp {s},
        i want the lights {s} in the {room}, set the lamp in the {room} to {s},
        can you put the lamp {s}, make the light go {s} for me, {s} with the light,
        let me have the lights {s} in the {room}
        | please have the lamp {s} in the {room}, could you turn {s} the {room} light for me,
        {s} with the lights of the {room}, i need the lamp to go {s}""",
    "heat": """turn the heating {s} in the {room}, set the {room} heating {s} a bit, heating {s},
        can you put the heat {s} in the {room}, turn {s} the radiator in the {room},
        i want the radiator {s}, bring the heat {s} for me, {s} with the radiator,
        let me have the heating {s} in the {room}
        | please have the radiator {s} in the {room}, could you turn {s} the {room} heat for me,
        {s} with the heating of the {room}, i need the heat to go {s}""",
}

# Words of the slots in both parts | words that only the test has.
_SLOTS = {
    "n": "two three five ten twenty thirty | seven forty",
    "city": "paris lagos lima oslo tokyo delhi quito | cairo hanoi",
    "artist": "mozart miles nina beethoven fela bach | bowie chopin",
    "person": "mum anna john grandma li omar | dad zoe",
    "room": "kitchen bedroom hall office garage | attic cellar",
}

# Both words are said and one is meant, {s}; {o} is the other. What follows a + ends the utterance.
_CONTRASTS = (
    "{s} not {o}",
    "not {o} but {s}",
    "{o} + no wait {s}",
    "{o} + sorry i mean {s}",
    "{s} + and not {o}",
)
_FILLERS = ["hey", "ok", "please", "so", "er", "um"], ["please", "now", "thanks"]


def utterances(n_train: int = 1200, n_test: int = 500, seed: int = 0) -> Utterances:
    """Draw sentences that somebody says to an assistant; the test's phrasings are all new.

    Recipe: one of eight intents with equal chance; one of its phrasings for this part (the test's
    are never trained on); a word for each slot (in the test, from a longer list). Of the lamp's and
    the heating's sentences, a share of 0.3 says both words, "off no wait on", and the order tells
    which is meant. Then a filler in front with chance 0.5 and one behind with chance 0.2; and after
    each word a hesitation, "er", with chance 0.05. Lower case, no punctuation.
    Targets: int64 of shape (n,), the intent's place in INTENTS.
    """
    generator = np.random.default_rng(seed)

    def choose(words: Sequence[str]) -> str:
        return words[generator.integers(len(words))]

    def say(intent: str, part: int) -> str:
        subject, _, state = intent.partition(" ")
        phrasings = _PHRASINGS[subject].split("|")[part].split(",")
        text, ending = " ".join(choose(phrasings).split()), ""
        if state:
            other = {"on": "off", "off": "on", "up": "down", "down": "up"}[state]
            form = choose(_CONTRASTS) if generator.random() < 0.3 else "{s}"
            form, _, ending = form.replace("{o}", other).replace("{s}", state).partition(" +")
            text = text.replace("{s}", form)
        for slot, listed in _SLOTS.items():
            words = listed.split("|")[0] if part == 0 else listed.replace("|", "")
            text = text.replace(f"{{{slot}}}", choose(words.split()))
        first = [choose(_FILLERS[0])] if generator.random() < 0.5 else []
        last = [choose(_FILLERS[1])] if generator.random() < 0.2 else []
        words = [*first, *text.split(), *ending.split(), *last]
        return " ".join(word + " er" * (generator.random() < 0.05) for word in words)

    parts = [generator.integers(len(INTENTS), size=n) for n in (n_train, n_test)]
    texts = [[say(INTENTS[k], part) for k in target] for part, target in enumerate(parts)]
    return Utterances(*texts, *parts)


ROAD_HALF_WIDTH = 2.0
"""Metres from the middle of a road to its edge."""


class Road(NamedTuple):
    """A closed road as points along its middle, 0.5 m apart, and a map of the land around it."""

    points: np.ndarray
    headings: np.ndarray
    bends: np.ndarray
    map: np.ndarray
    corner: np.ndarray


def road(seed: int = 0) -> Road:
    """Draw a closed road of about 300 m.

    Recipe: at angle a, its middle is r = 40 m (1 + sum of c_k cos(k a + p_k), k = 2, 3, 4) away
    from the centre; c_k is uniform on 0 to 0.3 / k, p_k on 0 to 2 pi. With even chance it is driven
    clockwise. `points` (n, 2) in metres, `headings` (n,) in radians, `bends` (n,), 1 / radius of
    the bend, > 0 to the left. `map` has a cell for each 0.25 m: metres to the middle.
    """
    from scipy.spatial import cKDTree

    generator = np.random.default_rng(seed)
    order, angle = np.arange(2, 5)[:, None], np.linspace(0, 2 * np.pi, 5001)
    share = generator.uniform(0, 0.3, (3, 1)) / order
    phase = generator.uniform(0, 2 * np.pi, (3, 1))
    radius = 40 * (1 + (share * np.cos(order * angle + phase)).sum(axis=0))
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    if generator.random() < 0.5:
        path = path[::-1]
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    places = np.linspace(0, way[-1], round(way[-1] / 0.5), endpoint=False)
    points = np.stack([np.interp(places, way, axis) for axis in path.T], axis=1)
    ahead, behind = np.roll(points, -1, axis=0), np.roll(points, 1, axis=0)
    headings = np.arctan2(*(ahead - behind).T[::-1])
    turns = _turn(np.roll(headings, -1) - np.roll(headings, 1))
    corner = points.min(axis=0) - 30
    size = np.ceil((points.max(axis=0) + 30 - corner) / 0.25).astype(int)
    cells = corner + 0.25 * np.stack(np.indices(size), axis=-1)
    distances, _ = cKDTree(points).query(cells.reshape(-1, 2))
    land = distances.reshape(size).astype("float32")
    return Road(points, headings, turns / (2 * way[-1] / len(points)), land, corner)


def road_cars(
    road: Road, places: np.ndarray, offsets: np.ndarray | float, turns: np.ndarray | float
) -> np.ndarray:
    """Put cars on a road: shape (n, 3), x and y in metres and the heading in radians.

    `places` (n,) are numbers of points of its middle; `offsets` are metres to the left of it,
    `turns` radians to the left of its direction.
    """
    headings = road.headings[places]
    left = np.stack([-np.sin(headings), np.cos(headings)], axis=1)
    spots = road.points[places] + np.reshape(offsets, (-1, 1)) * left
    return np.column_stack([spots, headings + turns])


def road_errors(road: Road, cars: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return offset, turn and bend for each car, as `road_cars` takes them; the bend 2 m ahead."""
    away = cars[:, None, :2] - road.points
    places = (away**2).sum(axis=2).argmin(axis=1)
    headings = road.headings[places]
    across = np.take_along_axis(away, places[:, None, None], axis=1)[:, 0]
    offsets = across[:, 1] * np.cos(headings) - across[:, 0] * np.sin(headings)
    return offsets, _turn(cars[:, 2] - headings), road.bends[(places + 4) % len(road.points)]


def road_pictures(road: Road, cars: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw what each car's camera sees: float32 of shape (n, 16, 32), 0 black to about 1 white.

    Recipe: the camera looks ahead at flat land, 45 degrees to either side; the rows show it at
    25 m (top) to 2.5 m (bottom), evenly in 1 / distance. Tarmac is 0.3, grass 0.55, a line of
    0.3 m along both edges 1. Each picture is multiplied by light, uniform on 0.6 to 1.1; then
    normal noise of 0.06 is added to every pixel.
    """
    generator = np.random.default_rng(seed)
    ahead = 1 / np.linspace(1 / 25, 1 / 2.5, 16)[:, None]
    left = ahead * np.linspace(1, -1, 32)
    cosine, sine = np.cos(cars[:, 2, None, None]), np.sin(cars[:, 2, None, None])
    spots = [cosine * ahead - sine * left, sine * ahead + cosine * left]
    cells = [
        np.clip(np.rint((spot + cars[:, k, None, None] - road.corner[k]) / 0.25), 0, size - 1)
        for k, (spot, size) in enumerate(zip(spots, road.map.shape, strict=True))
    ]
    distance = road.map[cells[0].astype(int), cells[1].astype(int)]
    # A pixel covers more land the farther away it is: its edges are that much softer.
    soft = np.maximum(0.15, 0.03 * ahead)
    grass = 1 / (1 + np.exp(-(distance - ROAD_HALF_WIDTH) / (0.5 * soft)))
    line = np.exp(-(((distance - ROAD_HALF_WIDTH) / (0.3 + soft)) ** 2))
    pictures = 0.3 + 0.25 * grass
    pictures += (1 - pictures) * line * np.minimum(1, 0.3 / soft)
    pictures *= generator.uniform(0.6, 1.1, (len(cars), 1, 1))
    return (pictures + 0.06 * generator.normal(size=pictures.shape)).astype("float32")


def _turn(angles: np.ndarray) -> np.ndarray:
    """Bring angles into -pi to pi."""
    return (angles + np.pi) % (2 * np.pi) - np.pi


RATE = 8000
COMMANDS = ("on", "off", "up", "down", "next", "mute", "play", "stop")
# A sound: seconds, voice, hiss (0 to 1), three formants and the centre of the hiss in Hz.
SOUNDS = {
    "o": (0.18, 1.0, 0.0, 640, 1000, 2500, 2500),
    "u": (0.15, 1.0, 0.0, 700, 1250, 2500, 2500),
    "e": (0.13, 1.0, 0.0, 550, 1800, 2500, 2500),
    "a": (0.12, 1.0, 0.0, 750, 1450, 2500, 2500),
    "ei": (0.10, 0.9, 0.0, 380, 2100, 2700, 2500),
    "ou": (0.10, 0.9, 0.0, 420, 950, 2400, 2500),
    "oo": (0.16, 0.9, 0.0, 320, 1000, 2300, 2500),
    "y": (0.06, 0.7, 0.0, 290, 2200, 2900, 2500),
    "l": (0.07, 0.6, 0.0, 360, 1200, 2700, 2500),
    "n": (0.10, 0.5, 0.0, 280, 1500, 2500, 2500),
    "m": (0.10, 0.5, 0.0, 270, 1000, 2200, 2500),
    "f": (0.12, 0.0, 0.25, 400, 1200, 2400, 2900),
    "s": (0.11, 0.0, 0.6, 400, 1700, 2600, 3500),
    "-": (0.05, 0.0, 0.0, 400, 1300, 2500, 2500),
    "p": (0.03, 0.0, 0.5, 400, 1000, 2300, 900),
    "d": (0.03, 0.3, 0.5, 350, 1700, 2600, 2800),
    "t": (0.03, 0.0, 0.8, 400, 1700, 2600, 3100),
    "k": (0.03, 0.0, 0.7, 400, 1900, 2500, 1900),
}
SPELLING = {
    "on": "o n",
    "off": "o f",
    "up": "u - p",
    "down": "d a ou n",
    "next": "n e - k s t",
    "mute": "m y oo - t",
    "play": "p l e ei",
    "stop": "s - t o - p",
    "back": "- p a - k",
}


class Speech(NamedTuple):
    """Clips of one word each, which word it is, and who speaks."""

    clips: np.ndarray
    words: np.ndarray
    speakers: np.ndarray


def spoken_commands(
    speakers: int = 20,
    takes: int = 3,
    pitch: tuple[float, float] = (90.0, 220.0),
    size: tuple[float, float] = (0.88, 1.14),
    words: tuple[str, ...] = COMMANDS,
    seed: int = 0,
) -> Speech:
    """Synthesise commands for a television's remote; nobody was recorded.

    Recipe (source and filter): each word is a row of sounds, each with its length, how much voice
    and how much hiss it has, and the three resonances (formants) of the throat; all glide from one
    sound to the next. The voice is a train of glottal pulses, of slope 2u - 3u**2 in the first 0.6
    of each period, whose pitch falls by a fifth; the hiss is white noise with a resonance of its
    own. Short pieces of both, 16 ms apart, pass through the resonances of their moment. A speaker
    has a pitch, a `size` (a factor to all formants) and a speed (0.8 to 1.25); every take varies
    them by a few per cent, and each sound's length and formants too, and puts the word at random in
    a clip of one second. A quiet room, 0.003 where the loudest sample is 1, is added.
    Clips: float32 of shape (n, 8000), 8000 samples a second, about -1 to 1. Words: int64, the place
    in `words`, which may hold "back" too. Speakers: int64. Another seed gives other speakers.
    After: D. Klatt (1980), Software for a cascade/parallel formant synthesizer.
    """
    generator = np.random.default_rng(seed)
    places = np.indices((len(words), speakers, takes)).reshape(3, -1)
    word, speaker = places[:, generator.permutation(places.shape[1])][:2]

    def vary(low: float, high: float, take: float) -> np.ndarray:
        own = np.exp(generator.uniform(np.log(low), np.log(high), speakers))
        return own[speaker] * np.exp(take * generator.normal(size=len(word)))

    tone, throat, speed = vary(*pitch, 0.05), vary(*size, 0.02), vary(0.8, 1.25, 0.06)
    times = np.arange(RATE, dtype="float32") / RATE
    loud, centres, gone = [], [], []
    for k in range(len(word)):
        sounds = np.array([SOUNDS[sound] for sound in SPELLING[words[word[k]]].split()])
        lengths = sounds[:, 0] / speed[k] * np.exp(0.1 * generator.normal(size=len(sounds)))
        start = generator.uniform(0.02, 0.97 - lengths.sum())
        ends, glide = start + np.cumsum(lengths), np.minimum(0.03, lengths / 3)
        edges = np.stack([ends - lengths + glide, ends - glide], axis=1).ravel()
        values = np.repeat(sounds[:, 1:], 2, axis=0).T
        values[2:5] *= throat[k] * np.repeat(np.exp(0.06 * generator.normal(size=len(sounds))), 2)
        silence = [start, *edges, ends[-1]]
        loud.append([np.interp(times, silence, [0, *row, 0]) for row in values[:2]])
        centres.append([np.interp(times[::128], edges, row) for row in values[2:]])
        gone.append(np.clip((times - start) / lengths.sum(), 0, 1))
    (voice, hiss), centres = np.swapaxes(loud, 0, 1), np.swapaxes(centres, 0, 1)
    falling = tone[:, None] * (1.1 - 0.2 * np.array(gone))
    opened = (generator.random((len(word), 1)) + np.cumsum(falling, axis=1) / RATE) % 1 / 0.6
    voice = voice * np.where(opened < 1, 2 * opened - 3 * opened**2, 0)
    hiss = hiss * generator.normal(size=hiss.shape)
    throats = sum(part * _resonance(at) for part, at in zip((1, 0.7, 0.4), centres, strict=False))
    clips = _filtered(voice, throats) + 0.4 * _filtered(hiss, _resonance(centres[3]))
    clips = clips / np.abs(clips).max(axis=1, keepdims=True)
    clips = clips + 0.003 * generator.normal(size=clips.shape)
    return Speech(clips.astype("float32"), word, speaker)


def _resonance(centre: np.ndarray) -> np.ndarray:
    """Return how much a resonance at each centre (in Hz) lets through, at 257 frequencies."""
    radius = np.exp(-np.pi * (60 + 0.06 * centre) / RATE)[..., None]
    angle = 2 * np.pi * np.minimum(centre, 0.47 * RATE)[..., None] / RATE
    back = np.exp(-1j * np.pi * np.linspace(0, 1, 257)).astype("complex64")
    first = (2 * radius * np.cos(angle)).astype("float32")
    return (1 - radius).astype("float32") / (1 - first * back + (radius * back) ** 2)


def _filtered(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Pass pieces of 256 samples, 128 apart, through a filter each, and add them up again."""
    pieces = np.pad(signal, ((0, 0), (128, 384))).astype("float32")
    pieces = np.lib.stride_tricks.sliding_window_view(pieces, 256, axis=1)[:, ::128]
    pieces = pieces[:, : response.shape[1]]
    window = np.hanning(257)[:256].astype("float32")
    pieces = np.fft.irfft(np.fft.rfft(pieces * window, 512) * response, axis=-1)
    out = np.zeros((len(signal), (pieces.shape[1] + 3) * 128), dtype="float32")
    for k in range(4):
        part = pieces[:, :, 128 * k : 128 * (k + 1)].reshape(len(signal), -1)
        out[:, 128 * k : 128 * k + part.shape[1]] += part
    return out[:, 128 : 128 + signal.shape[1]]
