"""Language: nested expressions, and what people say to an assistant."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course_utils import CourseError


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
CORRECTIONS = [
    "{s} not {o}",
    "not {o} but {s}",
    "{o} + no wait {s}",
    "{o} + sorry i mean {s}",
    "{s} + and not {o}",
]
_FILLERS = ["hey", "ok", "please", "so", "er", "um"], ["please", "now", "thanks"]


def utterances(
    n_train: int = 1200,
    n_test: int = 500,
    seed: int = 0,
    forms_train: Sequence[int] = (0, 1, 2, 4),
    forms_test: Sequence[int] = (3,),
) -> Utterances:
    """Draw sentences that somebody says to an assistant; the test's phrasings are all new.

    Recipe: one of eight intents with equal chance; one of its phrasings for this part (the test's
    are never trained on); a word for each slot (in the test, from a longer list). Of the lamp's and
    the heating's sentences, a share of 0.3 says both words, "off no wait on", and the order tells
    which is meant: in forms whose numbers in CORRECTIONS are given for each part; by default the
    test's one is never trained on. Then a filler in front with chance 0.5 and one behind with
    chance 0.2; and after each word a hesitation, "er", with chance 0.05. Lower case, no
    punctuation.
    Targets: int64 of shape (n,), the intent's place in INTENTS.
    """
    generator = np.random.default_rng(seed)

    def choose(words: Sequence) -> Any:
        return words[generator.integers(len(words))]

    def say(intent: str, part: int) -> str:
        subject, _, state = intent.partition(" ")
        phrasings = _PHRASINGS[subject].split("|")[part].split(",")
        text, ending = " ".join(choose(phrasings).split()), ""
        if state:
            other = {"on": "off", "off": "on", "up": "down", "down": "up"}[state]
            both = generator.random() < 0.3
            form = CORRECTIONS[choose((forms_train, forms_test)[part])] if both else "{s}"
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
