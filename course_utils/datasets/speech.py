"""Speech: commands for a voice remote, spoken by the voices of a synthesiser."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_utils import CourseError

RATE = 8000

COMMANDS = ("on", "off", "up", "down", "next", "mute", "play", "stop")

WORDS = (*COMMANDS, "back")

VOICES = range(32)
"""The speakers who use their voice; each says every command twice, and "back" once."""

WHISPERS = range(32, 46)
"""The speakers who whisper; each says every command once."""

FILE = Path(__file__).with_name("spoken.npz")
DIGEST = "0b5641f36989f71801f44fd8a827e27691a1045fae32bab233e23cb7c335a49e"


class Speech(NamedTuple):
    """Clips of one word each, which word it is, and who speaks."""

    clips: np.ndarray
    words: np.ndarray
    speakers: np.ndarray


def spoken_commands(
    speakers: Sequence[int] = VOICES, words: tuple[str, ...] = COMMANDS, seed: int = 0
) -> Speech:
    """Load what these speakers say of these words, each at a random place in its second.

    Nobody was recorded: espeak-ng 1.51 spoke, with 32 of its voices in seven accents of English,
    pitch and speed a little higher the second time (`course_utils/authoring/speaking.py`). The
    seed shuffles the clips, places each in silence and adds a quiet room, 0.003 where the loudest
    sample is 1. Clips: float32 of shape (n, 8000), 8000 samples a second, about -1 to 1. Words:
    int64, the place in `words`. Speakers: int64. Raises CourseError for a word or a speaker that is
    not there, and where the file of sounds is not the course's.
    """
    sounds, said, speaking = _all()
    if unknown := [word for word in words if word not in WORDS]:
        raise CourseError(f"nobody says {unknown[0]!r}: choose from {', '.join(WORDS)}")
    if strange := set(np.asarray(speakers).tolist()) - {*VOICES, *WHISPERS}:
        raise CourseError(f"there is no speaker {min(strange)}: they are 0 to {WHISPERS[-1]}")
    places = [WORDS.index(word) for word in words]
    chosen = np.flatnonzero(np.isin(said, places) & np.isin(speaking, speakers))
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(chosen)
    clips = 0.003 * generator.normal(size=(len(chosen), RATE))
    for clip, n in zip(clips, chosen, strict=True):
        start = generator.integers(160, RATE - 160 - len(sounds[n]))
        clip[start : start + len(sounds[n])] += sounds[n]
    word = np.array([places.index(n) for n in said[chosen]], "int64")
    return Speech(clips.astype("float32"), word, speaking[chosen].astype("int64"))


def digest() -> str:
    """Return the SHA-256 of the file of sounds."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


def to_bytes(sound: np.ndarray) -> np.ndarray:
    """Return samples from -1 to 1 as bytes: the logarithmic steps of ITU-T G.711's µ-law curve."""
    bent = np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256)
    return np.round(127.5 + 127.5 * bent).astype("uint8")


def from_bytes(coded: np.ndarray) -> np.ndarray:
    """Return the samples that `to_bytes` made bytes of; they differ by up to 2 % of their size."""
    bent = coded / 127.5 - 1
    return np.sign(bent) * np.expm1(np.abs(bent) * np.log(256)) / 255


@functools.cache
def _all() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return each clip's sound without silence, its place in `WORDS` and its speaker."""
    if not FILE.exists() or digest() != DIGEST:
        raise CourseError(f"{FILE.name} is missing or not the course's: git checkout {FILE}")
    with np.load(FILE) as file:
        ends = np.cumsum(file["lengths"].astype(int))
        sounds = np.split(from_bytes(file["sound"]), ends[:-1])
        return sounds, file["words"], file["speakers"]
