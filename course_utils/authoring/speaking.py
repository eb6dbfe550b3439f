"""Have espeak-ng speak the voice remote's words: `python -m course_utils.authoring.speaking`."""

import io
import subprocess
import wave

import numpy as np

from course_utils import CourseError
from course_utils.datasets import speech

ACCENTS = ["en", "en-US", "en-GB-scotland", "en-GB-x-rp", "en-GB-x-gbcwmd", "en-029", "en-US-nyc"]

# fmt: off
VOICES = [
    "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Gene", "Hugo", "Jacky", "Lee",
    "Mike", "Nguyen", "Storm", "anika", "aunty", "boris", "f1", "f2", "f3", "f4", "f5",
    "grandma", "linda", "m1", "m2", "m3", "m4", "m5", "max", "quincy", "rob", "shelby",
]
# fmt: on
"""Variants of espeak-ng with a voice, each unlike the others."""


def say(word: str, voice: str, pitch: int, speed: int) -> np.ndarray:
    """Return what espeak-ng says, without the silence around it; the loudest sample is 1.

    `voice` is an accent's file and a variant, "gmw/en-US+f3"; pitch is 0 to 99, speed in words a
    minute. Float64, `speech.RATE` samples a second. Raises CourseError where espeak-ng is missing.
    """
    from scipy.signal import resample_poly

    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", word]
    try:
        said = subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise CourseError("espeak-ng is missing: apt-get install espeak-ng") from None
    with wave.open(io.BytesIO(said)) as file:
        # What is streamed has a length in its header that nobody knew yet.
        rate, samples = file.getframerate(), np.frombuffer(said[44:], "<i2")
    clip = resample_poly(samples / 2**15, speech.RATE, rate)
    clip = clip / np.abs(clip).max()
    loud = np.flatnonzero(np.abs(clip) > 0.02)
    return clip[loud[0] : loud[-1] + 1]


def takes() -> list[tuple[str, int, str, int, int]]:
    """Return word, speaker, voice, pitch and speed of each clip: the arguments to all of `say`.

    Each voice has an accent, a pitch and a speed of its own, and says each command twice, higher
    and faster the second time, and "back" once. Then there is a whisper or two in each accent.
    """
    generator = np.random.default_rng(0)
    rows = []
    for speaker, name in enumerate(VOICES):
        voice = f"gmw/{ACCENTS[speaker % len(ACCENTS)]}+{name}"
        pitch, speed = generator.integers(30, 60), generator.integers(130, 180)
        own = [(voice, int(pitch + 8 * n), int(speed + 15 * n)) for n in range(2)]
        rows += [(word, speaker, *take) for take in own for word in speech.COMMANDS]
        rows.append(("back", speaker, *own[0]))
    whispers = [(accent, name) for name in ("whisper", "whisperf") for accent in ACCENTS]
    for speaker, (accent, name) in enumerate(whispers, start=len(VOICES)):
        take = (speaker, f"gmw/{accent}+{name}", 50, int(generator.integers(130, 180)))
        rows += [(word, *take) for word in speech.COMMANDS]
    return rows


def main() -> None:
    """Write `speech.FILE` anew, and print the digest that belongs into `speech.py`."""
    rows = takes()
    clips = [say(word, *take) for word, _, *take in rows]
    np.savez_compressed(
        speech.FILE,
        sound=speech.to_bytes(np.concatenate(clips)),
        lengths=np.array([len(clip) for clip in clips], "uint16"),
        words=np.array([speech.WORDS.index(row[0]) for row in rows], "uint8"),
        speakers=np.array([row[1] for row in rows], "uint8"),
    )
    print(f'DIGEST = "{speech.digest()}"')


if __name__ == "__main__":
    main()
