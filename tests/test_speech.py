"""The voice remote's speech: what is read, what is refused, and that it can be made anew."""

import shutil

import numpy as np
import pytest

from course_utils import CourseError, datasets
from course_utils.authoring import speaking
from course_utils.datasets import speech


def test_spoken_commands_are_whole_words_of_every_speaker_and_repeat_by_seed():
    clips, words, speakers = datasets.spoken_commands(range(3), seed=4)
    assert clips.shape == (48, 8000)
    assert clips.dtype == "float32"
    assert np.isfinite(clips).all()
    assert (np.abs(clips).max(axis=1) > 0.9).all()
    assert np.abs(clips).max() < 1.1
    assert (np.bincount(words) == 6).all()
    assert (np.bincount(speakers) == 16).all()
    # Every word has begun after the first 20 ms and ended before the last 20.
    assert np.abs(clips[:, :160]).max() < 0.03
    assert np.abs(clips[:, -160:]).max() < 0.03
    assert np.array_equal(datasets.spoken_commands(range(3), seed=4).clips, clips)
    assert not np.array_equal(datasets.spoken_commands(range(3), seed=5).clips, clips)
    back = datasets.spoken_commands((5,), words=("stop", "back"), seed=4)
    assert np.bincount(back.words).tolist() == [2, 1]
    whispers = datasets.spoken_commands(datasets.WHISPERS)
    assert len(whispers.clips) == 8 * len(datasets.WHISPERS)


def test_what_nobody_says_is_refused_in_one_line():
    with pytest.raises(CourseError, match=r"^nobody says 'go': choose from on, off"):
        datasets.spoken_commands(words=("on", "go"))
    with pytest.raises(CourseError, match=r"^there is no speaker 99: they are 0 to 45$"):
        datasets.spoken_commands((3, 99))


def test_the_file_of_sounds_is_the_one_that_was_made_and_another_is_refused(tmp_path, monkeypatch):
    assert speech.digest() == speech.DIGEST
    assert speech.FILE.stat().st_size < 2e6
    other = tmp_path / "spoken.npz"
    other.write_bytes(speech.FILE.read_bytes()[:-1])
    monkeypatch.setattr(speech, "FILE", other)
    speech._all.cache_clear()
    with pytest.raises(CourseError, match="not the course's: git checkout"):
        datasets.spoken_commands()
    speech._all.cache_clear()


def test_bytes_keep_samples_to_a_few_hundredths_of_their_size():
    sound = np.linspace(-1, 1, 4001)
    kept = speech.from_bytes(speech.to_bytes(sound))
    assert (np.abs(kept - sound) < 0.025 * np.abs(sound) + 1e-4).all()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs Debian's espeak-ng")
def test_the_synthesiser_still_says_what_the_file_holds():
    takes, (sounds, words, speakers) = speaking.takes(), speech._all()
    assert len(takes) == len(sounds)
    for n in (0, 7, 111, 300, len(takes) - 1):
        word, speaker, *how = takes[n]
        assert (words[n], speakers[n]) == (speech.WORDS.index(word), speaker)
        said = speaking.say(word, *how)
        # Another release may be longer by a little; a word that is another one is far off.
        assert abs(len(said) - len(sounds[n])) < 0.05 * len(said)
        both = min(len(said), len(sounds[n]))
        spectra = [np.abs(np.fft.rfft(sound[:both])) for sound in (said, sounds[n])]
        assert np.corrcoef(*spectra)[0, 1] > 0.95, word
