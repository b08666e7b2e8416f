"""Windows from sound whose speech is known: a frame is speech where it is loud."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.speech.cutting import (
    WINDOW,
    CutWindow,
    WindowCutter,
    hear_speech_everywhere,
)
from waas_job.speech.cutting_places import Floats
from waas_job.speech.sound_buffer import Samples
from waas_job.speech.timeline import SAMPLE_RATE
from waas_job.speech.voices import FRAME

FRAMES_PER_SECOND = SAMPLE_RATE / FRAME


def hear_what_is_loud(samples: Samples) -> Floats:
    levels = np.abs(samples.reshape(-1, FRAME)).mean(axis=1)
    return np.where(levels > 0.1, np.float32(1), np.float32(0))


def make_sound(*seconds: float) -> Samples:
    """Return silence and speech in turns; each sample of speech is another, so that it is known."""
    pieces = []
    for number, each in enumerate(seconds):
        frames = round(each * FRAMES_PER_SECOND)
        ramp = 0.2 + np.arange(frames * FRAME, dtype=np.float32) / 1e9 + number / 100
        pieces.append(ramp if number % 2 else np.zeros(frames * FRAME, np.float32))
    return np.concatenate(pieces)


def cut(
    sound: Samples,
    *,
    block: int = 20 * SAMPLE_RATE,
    options: VoiceActivityOptions | None = None,
) -> list[CutWindow]:
    voice_activity = options or VoiceActivityOptions()
    detect = hear_what_is_loud if voice_activity.enabled else hear_speech_everywhere
    cutter = WindowCutter(voice_activity, detect)
    return list(cutter.cut(sound[at : at + block] for at in range(0, len(sound), block)))


def spoken(windows: list[CutWindow]) -> Iterator[tuple[float, float]]:
    for window in windows:
        for piece in window.timeline.pieces:
            for start, end in piece.voices:
                yield round(start / SAMPLE_RATE, 1), round(end / SAMPLE_RATE, 1)


# Minutes of sound are much to draw.
FEW = settings(max_examples=20, deadline=None)
SOUNDS = st.lists(st.floats(0.05, 35), min_size=1, max_size=7).map(lambda each: make_sound(*each))


@FEW
@given(SOUNDS, st.integers(1000, 40 * SAMPLE_RATE))
def test_no_speech_is_lost_or_doubled_and_no_window_is_too_long(sound: Samples, block: int) -> None:
    windows = cut(sound, block=block, options=VoiceActivityOptions(min_speech_seconds=0))
    kept = np.zeros(len(sound), int)
    for window in windows:
        assert len(window.samples) == window.timeline.length <= WINDOW
        parts = []
        for piece in window.timeline.pieces:
            kept[piece.start : piece.end] += 1
            parts.append(sound[piece.start : piece.end])
        np.testing.assert_array_equal(np.concatenate(parts), window.samples)
    assert kept.max(initial=0) <= 1
    assert kept[np.abs(sound) > 0.1].all()
    assert [window.number for window in windows] == list(range(len(windows)))


@FEW
@given(SOUNDS, st.integers(1000, 40 * SAMPLE_RATE))
def test_windows_do_not_hang_on_the_blocks_that_come(sound: Samples, block: int) -> None:
    windows = [window.timeline for window in cut(sound, block=block)]
    assert windows == [window.timeline for window in cut(sound, block=len(sound))]


@FEW
@given(SOUNDS)
def test_no_window_is_too_short_unless_all_is(sound: Samples) -> None:
    lengths = [len(window.samples) for window in cut(sound)]
    assert all(each >= SAMPLE_RATE for each in lengths[:-1])
    assert len(lengths) <= 1 or lengths[-1] >= SAMPLE_RATE


def test_silence_gives_no_window() -> None:
    assert cut(make_sound(100)) == []


def test_long_silences_are_taken_out_and_short_ones_stay() -> None:
    windows = cut(make_sound(5, 2, 0.4, 2, 3, 2, 0.6, 2, 10))
    assert len(windows) == 1
    pieces = windows[0].timeline.pieces
    # 0.6 seconds less twice the padding is not worth a splice.
    assert [len(piece.voices) for piece in pieces] == [1, 2]
    assert list(spoken(windows)) == [(5.0, 9.3), (12.4, 14.3), (14.9, 16.9)]
    first = pieces[0]
    assert first.start == pytest.approx(first.voices[0][0] - 0.2 * SAMPLE_RATE)
    assert first.end == pytest.approx(first.voices[0][1] + 0.2 * SAMPLE_RATE)


def test_windows_are_filled_and_cut_between_sentences() -> None:
    windows = cut(make_sound(*(1, 7) * 8))
    assert [len(window.timeline.pieces) for window in windows] == [4, 4]


def test_speech_that_does_not_fit_is_cut_at_its_best_pause() -> None:
    (first, second) = cut(make_sound(1, 22, 0.4, 4, 0.1, 20))
    assert first.timeline.end / SAMPLE_RATE == pytest.approx(23.2, abs=0.1)
    # Speech begins after the pause again.
    assert second.timeline.pieces[0].voices[0][0] / SAMPLE_RATE == pytest.approx(23.4, abs=0.1)


def test_speech_without_any_pause_is_cut_where_it_is_quietest() -> None:
    sound = make_sound(1, 60)
    quiet = round(27 * SAMPLE_RATE)
    sound[quiet : quiet + 4800] *= 0.6
    first = cut(sound)[0]
    assert 27 <= first.timeline.end / SAMPLE_RATE <= 27.3


def test_without_a_detector_nothing_is_taken_out() -> None:
    sound = make_sound(31, 9, 20, 5)
    windows = cut(sound, options=VoiceActivityOptions(enabled=False))
    np.testing.assert_array_equal(np.concatenate([window.samples for window in windows]), sound)
    # Of equal silences the last: the window is as full as can be.
    assert windows[0].timeline.length > WINDOW - SAMPLE_RATE


@pytest.mark.parametrize("seconds", [0.01, 0.19, 9])
def test_without_a_detector_nothing_is_too_short(seconds: float) -> None:
    sound = np.full(round(seconds * SAMPLE_RATE), 0.1, np.float32)
    (window,) = cut(sound, options=VoiceActivityOptions(enabled=False, min_speech_seconds=10))
    np.testing.assert_array_equal(window.samples, sound)
    # Nobody knows where in it somebody speaks.
    assert window.timeline.voices == ()


@pytest.mark.parametrize(
    ("option", "heard"),
    [
        ({"min_speech_seconds": 0.25}, [(4.0, 9.0)]),
        ({"min_speech_seconds": 0.1}, [(1.0, 1.2), (4.0, 9.0)]),
        ({"min_speech_seconds": 0.1, "min_silence_seconds": 3}, [(1.0, 9.0)]),
    ],
    ids=["a click is no speech", "a click is speech", "a pause ends nothing"],
)
def test_options_say_what_speech_is(
    option: dict[str, float], heard: list[tuple[float, float]]
) -> None:
    options = VoiceActivityOptions.model_validate(option)
    assert list(spoken(cut(make_sound(1, 0.2, 2.8, 5, 6), options=options))) == heard


def test_hours_are_forgotten() -> None:
    cutter = WindowCutter(VoiceActivityOptions(), hear_what_is_loud)
    sound = make_sound(50, 10)
    held = []
    for _ in cutter.cut(sound for _ in range(60)):
        held.append(len(cutter._buffer._chunks))
    assert len(held) > 15
    # The block at hand, and the speech of one window.
    assert max(held) < 100
