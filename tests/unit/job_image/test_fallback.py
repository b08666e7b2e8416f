"""When a window is tried again, and when it is silence."""

import pytest

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.fallback import is_meant, is_silence, needs_fallback
from waas_job.engine.windows import DecodedWindow


def make_decoded(
    text: str = "",
    *,
    avg_logprob: float = -0.3,
    no_speech_prob: float = 0.1,
) -> DecodedWindow:
    return DecodedWindow((), text, avg_logprob, no_speech_prob, 0.0, 1.5, is_silence=False)


LOOP = "and so on " * 30


@pytest.mark.parametrize(
    ("decoded", "again"),
    [
        (make_decoded(), False),
        (make_decoded(LOOP), True),
        (make_decoded(avg_logprob=-1.1), True),
        (make_decoded(avg_logprob=-1.1, no_speech_prob=0.7), False),
        (make_decoded(avg_logprob=-0.9, no_speech_prob=0.7), False),
        (make_decoded(LOOP, no_speech_prob=0.7), True),
        (make_decoded(avg_logprob=-1.0, no_speech_prob=0.6), False),
    ],
    ids=[
        "good",
        "goes in circles",
        "improbable",
        "improbable, for it is silence",
        "probable, though it may be silence",
        "goes in circles, though it may be silence",
        "just good enough",
    ],
)
def test_what_is_tried_again(decoded: DecodedWindow, again: bool) -> None:
    assert needs_fallback(decoded, DecodingOptions()) is again


@pytest.mark.parametrize(
    ("no_speech_prob", "avg_logprob", "silent"),
    [(0.7, -1.2, True), (0.7, -1.0, True), (0.7, -0.9, False), (0.5, -1.2, False)],
)
def test_silence_is_heard_and_not_contradicted(
    no_speech_prob: float, avg_logprob: float, silent: bool
) -> None:
    assert is_silence(no_speech_prob, avg_logprob, DecodingOptions()) is silent


@pytest.mark.parametrize(
    ("first", "again", "meant"),
    [
        (make_decoded("Go on. Go on."), make_decoded("Go on, go on"), True),
        (make_decoded("Go on. Go on."), make_decoded("Go on."), False),
        (make_decoded("Go on. Go on.", avg_logprob=-1.1), make_decoded("Go on. Go on."), False),
    ],
    ids=["the same words again", "other words", "improbable, whatever comes again"],
)
def test_what_repeats_itself_is_meant_if_another_try_says_so(
    first: DecodedWindow, again: DecodedWindow, meant: bool
) -> None:
    assert is_meant(first, again, DecodingOptions()) is meant
