"""Channels whose speech is known: a frame is speech where it is loud."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.speech.channels import LONGEST_WAIT, ChannelCutter, Channels
from waas_job.speech.cutting import WINDOW, CutWindow
from waas_job.speech.cutting_places import Floats
from waas_job.speech.sound_buffer import Samples
from waas_job.speech.timeline import SAMPLE_RATE
from waas_job.speech.voices import FRAME

BLOCK = 30 * SAMPLE_RATE


def draw_noise(seconds: float = 4, *, seed: int = 1, loudness: float = 0.1) -> Samples:
    """Return noise; of two seeds they have nothing in common, as two who speak."""
    count = round(seconds * SAMPLE_RATE)
    return np.random.default_rng(seed).normal(0, loudness, count).astype(np.float32)


ANN, BOB = draw_noise(seed=1), draw_noise(seed=2)
HISS = draw_noise(seed=3, loudness=1e-3)
FAINT = draw_noise(seed=4, loudness=1e-4)
NOTHING = np.zeros_like(ANN)

# Name, channels, which of them are left, whether speakers are told apart.
PARTED = [
    ("two who speak are left as they are", (ANN, BOB), (True, True), True),
    ("the same sound twice is one channel", (ANN, ANN), (True, False), False),
    ("so it is where one is quieter", (ANN, ANN * 0.8), (True, False), False),
    ("or where the first is much fainter", (ANN * 0.1, ANN), (False, True), False),
    ("or turned upside down", (ANN, -ANN), (True, False), False),
    ("whoever listens hears a faint voice", (ANN, ANN * 0.02), (True, False), False),
    ("also beneath a hiss of their own", (ANN, ANN * 0.02 + HISS), (True, False), False),
    ("whoever says something meanwhile stays", (ANN, ANN * 0.02 + BOB), (True, True), True),
    ("a hiss has nothing of the voice", (ANN, HISS), (True, True), True),
    ("one who says nothing is somebody, too", (ANN, NOTHING), (True, False), True),
    ("what nobody hears tells nobody apart", (FAINT, NOTHING), (True, False), False),
    ("silence is silence", (NOTHING, NOTHING), (False, False), False),
    ("of three, one may be a copy", (ANN, BOB, ANN * 0.9), (True, True, False), True),
    ("a single channel is nobody in particular", (ANN,), (True,), False),
]


@pytest.mark.parametrize(
    ("rows", "is_left", "differ"), [pytest.param(*case[1:], id=case[0]) for case in PARTED]
)
def test_copies_are_taken_out(
    rows: tuple[Samples, ...], is_left: tuple[bool, ...], differ: bool
) -> None:
    channels, block = Channels(), np.stack(rows)

    parted = channels.part(block)

    for row, before, is_same in zip(parted, block, is_left, strict=True):
        np.testing.assert_array_equal(row, before if is_same else NOTHING)
    assert channels.differ is differ


def hear_what_is_loud(samples: Samples) -> Floats:
    levels = np.abs(samples.reshape(-1, FRAME)).mean(axis=1)
    return np.where(levels > 0.01, np.float32(1), np.float32(0))


def make_channels(*turns: tuple[int | None, float]) -> Samples:
    """Return two channels, on which one after the other speaks; None for nobody."""
    rows: list[list[Samples]] = [[], []]
    for number, (speaker, seconds) in enumerate(turns):
        for channel in (0, 1):
            noise = draw_noise(seconds, seed=number)
            rows[channel].append(noise if speaker == channel else np.zeros_like(noise))
    return np.stack([np.concatenate(row) for row in rows])


def cut(sound: Samples) -> list[CutWindow]:
    options = VoiceActivityOptions(min_speech_seconds=0)
    cutter = ChannelCutter(options, lambda: hear_what_is_loud)
    blocks = (sound[:, start : start + BLOCK] for start in range(0, sound.shape[1], BLOCK))
    return list(cutter.cut(blocks))


def test_windows_tell_who_speaks() -> None:
    windows = cut(make_channels((0, 20), (1, 15), (0, 20), (1, 20), (None, 5)))

    assert [each.number for each in windows] == list(range(len(windows)))
    seconds = {
        speaker: sum(each.timeline.length for each in windows if each.speaker == speaker)
        for speaker in ("Speaker 1", "Speaker 2")
    }
    assert seconds["Speaker 1"] / SAMPLE_RATE == pytest.approx(40, abs=1)
    assert seconds["Speaker 2"] / SAMPLE_RATE == pytest.approx(35, abs=1)


def test_channels_that_are_all_the_same_are_one_without_a_name() -> None:
    row = make_channels((0, 20), (None, 2), (0, 20))[0]

    windows = cut(np.stack([row, row]))

    assert {each.tells_apart for each in windows} == {False}
    assert {each.speaker for each in windows} == {"Speaker 1"}
    assert sum(len(each.samples) for each in windows) / SAMPLE_RATE == pytest.approx(40, abs=1)


def test_who_speaks_before_channels_differ_has_a_channel() -> None:
    right = np.concatenate([draw_noise(100, seed=5), np.zeros(40 * SAMPLE_RATE, np.float32)])
    left = 0.05 * right
    left[100 * SAMPLE_RATE :] = draw_noise(40, seed=6)

    windows = cut(np.stack([left, right]))

    by_right = [each for each in windows if each.timeline.end <= 100 * SAMPLE_RATE]
    assert {each.speaker for each in by_right} == {"Speaker 2"}
    assert not by_right[0].tells_apart
    assert {each.speaker for each in windows if each.tells_apart} >= {"Speaker 1"}


def test_who_says_little_keeps_nobody_waiting() -> None:
    windows = cut(make_channels((1, 1), *[(0, 29), (None, 1)] * 16))

    early = next(each for each in windows if each.speaker == "Speaker 2")
    assert early.timeline.end < 2 * SAMPLE_RATE
    before = [each for each in windows if each.number < early.number]
    assert max(each.timeline.end for each in before) < LONGEST_WAIT + 2 * BLOCK
    later = [each for each in windows if each.number > early.number + 1]
    assert len(later) > 10
    assert all(each.settled > LONGEST_WAIT for each in later)


TURNS = st.lists(
    st.tuples(st.sampled_from([0, 1, None]), st.floats(0.1, 50)), min_size=1, max_size=9
)


# Minutes of sound are much to draw.
@settings(max_examples=20, deadline=None)
@given(TURNS)
def test_no_speech_is_lost_or_doubled_and_nothing_comes_before_what_is_settled(
    turns: list[tuple[int | None, float]],
) -> None:
    sound = make_channels(*turns)
    windows = cut(sound)

    for speaker, row in zip(("Speaker 1", "Speaker 2"), sound, strict=True):
        kept = np.zeros(sound.shape[1], int)
        for window in (each for each in windows if each.speaker == speaker):
            assert len(window.samples) == window.timeline.length <= WINDOW
            for piece in window.timeline.pieces:
                kept[piece.start : piece.end] += 1
        assert kept.max(initial=0) <= 1
        assert kept[row != 0].all()
    for number, window in enumerate(windows):
        later = windows[number + 1 :]
        assert all(each.timeline.start >= window.settled for each in later)
    assert all(before.settled <= after.settled for before, after in pairwise(windows))
