"""Speech: commands for a voice remote, synthesised by a documented recipe."""

from typing import NamedTuple

import numpy as np

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
