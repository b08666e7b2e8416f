"""A text that ends before the speech of its window does is gone on with."""

from dataclasses import replace

import numpy as np
import pytest

from support.word_codec import Words, at
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.untold import Told, find_untold, join
from waas_job.engine.windows import DecodedWindow, Window
from waas_job.speech.timeline import SAMPLE_RATE

CODEC = Words()


def decoded(*tokens: int, is_silence: bool = False, avg_logprob: float = -0.5) -> DecodedWindow:
    return DecodedWindow(
        tokens=tokens,
        text=CODEC.decode(tokens).strip(),
        avg_logprob=avg_logprob,
        no_speech_prob=0.1,
        temperature=0.0,
        compression_ratio=1.0,
        is_silence=is_silence,
    )


def cut_off(*tokens: int) -> DecodedWindow:
    return replace(decoded(*tokens), is_cut_off=True)


def window(*voices: tuple[float, float]) -> Window:
    """Return a window of twenty seconds in which somebody speaks at times."""
    places = tuple((round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in voices)
    return Window(np.zeros(20 * SAMPLE_RATE, np.float32), voices=places)


TOLD_TO_5 = decoded(at(0), 1, 2, at(5))


@pytest.mark.parametrize(
    ("sentence", "heard", "voices", "tokens"),
    [
        ("all is told", TOLD_TO_5, [(0.2, 5)], None),
        ("a breath is left", TOLD_TO_5, [(0.2, 5), (8, 9.4)], None),
        (
            "a sentence after a pause is left",
            TOLD_TO_5,
            [(0.2, 5), (8, 12)],
            (at(0), 1, 2, at(5), at(7.8)),
        ),
        (
            "several short ones are left",
            TOLD_TO_5,
            [(0.2, 5), (8, 9), (10, 11)],
            (at(0), 1, 2, at(5), at(7.8)),
        ),
        ("somebody goes on speaking", TOLD_TO_5, [(0.2, 12)], (at(0), 1, 2, at(5), at(5))),
        (
            "the next text has begun and says nothing",
            decoded(at(0), 1, 2, at(5), at(6)),
            [(0.2, 5), (8, 12)],
            (at(0), 1, 2, at(5), at(7.8)),
        ),
        ("nobody knows where speech is", TOLD_TO_5, [], None),
        ("the text ends without a time", decoded(at(0), 1, 2), [(0.2, 12)], None),
        ("nothing was heard", decoded(), [(0.2, 12)], None),
        ("silence was heard", replace(TOLD_TO_5, is_silence=True), [(8, 12)], None),
    ],
)
def test_text_goes_on_where_untold_speech_begins(
    sentence: str,
    heard: DecodedWindow,
    voices: list[tuple[float, float]],
    tokens: tuple[int, ...] | None,
) -> None:
    told = find_untold(window(*voices), heard, CODEC)

    assert told == (None if tokens is None else Told(heard, tokens)), sentence


UNKNOWN = replace(window(), voices=None)
"""A window of which nobody knows where in it somebody speaks."""

CUT_AFTER_5 = cut_off(at(0), 1, 2, at(5), at(5), 3, 4)


@pytest.mark.parametrize(
    ("sentence", "heard", "voices", "tokens"),
    [
        ("within a cue", CUT_AFTER_5, [(0.2, 12)], (at(0), 1, 2, at(5), at(5))),
        ("within one after a pause", CUT_AFTER_5, [(0, 5), (8, 8.4)], (*TOLD_TO_5.tokens, at(7.8))),
        ("where a cue ends", cut_off(*TOLD_TO_5.tokens), [(0, 12)], (*TOLD_TO_5.tokens, at(5))),
        ("between two", cut_off(*TOLD_TO_5.tokens, at(6)), [(0, 12)], (*TOLD_TO_5.tokens, at(5))),
        ("nobody knows who speaks where", CUT_AFTER_5, None, (*TOLD_TO_5.tokens, at(5))),
        ("nobody speaks after the last cue", CUT_AFTER_5, [(0.2, 5)], None),
        ("the first cue has not ended", cut_off(at(0), 1, 2, 3), [(0, 12)], None),
    ],
)
def test_text_that_is_cut_off_goes_on_from_its_last_whole_cue(
    sentence: str,
    heard: DecodedWindow,
    voices: list[tuple[float, float]] | None,
    tokens: tuple[int, ...] | None,
) -> None:
    its_window = UNKNOWN if voices is None else window(*voices)

    told = find_untold(its_window, heard, CODEC)

    assert told == (None if tokens is None else Told(heard, tokens)), sentence


def test_text_that_is_not_cut_off_ends_as_it_does_where_nobody_knows_who_speaks() -> None:
    assert find_untold(UNKNOWN, TOLD_TO_5, CODEC) is None


@pytest.mark.parametrize(
    ("sentence", "first", "most", "prompt", "text"),
    [
        ("there is room", TOLD_TO_5, 5, (), (at(0), 1, 2, at(5), at(7))),
        ("it is too long", TOLD_TO_5, 4, (1, 2), (at(7),)),
        ("it was cut off", cut_off(*TOLD_TO_5.tokens), 5, (1, 2), (at(7),)),
    ],
)
def test_rest_goes_on_from_the_text_or_has_it_as_a_prompt(
    sentence: str,
    first: DecodedWindow,
    most: int,
    prompt: tuple[int, ...],
    text: tuple[int, ...],
) -> None:
    told = Told(first, (at(0), 1, 2, at(5), at(7)))

    assert told.divided(most, CODEC) == (prompt, text), sentence


TOLD = Told(TOLD_TO_5, (*TOLD_TO_5.tokens, at(8)))


def test_rest_is_added_to_what_was_told() -> None:
    rest = replace(decoded(3, 4, at(10), avg_logprob=-0.1), temperature=0.2)

    whole = join(TOLD, rest, DecodingOptions(), CODEC)

    assert whole.tokens == (at(0), 1, 2, at(5), at(8), 3, 4, at(10))
    assert whole.text == "w1 w2 w3 w4"
    assert whole.avg_logprob == pytest.approx((4 * -0.5 + 3 * -0.1) / 7)
    assert whole.temperature == 0.2
    assert find_untold(window((0, 10)), whole, CODEC) is None


def test_rest_replaces_the_cue_that_was_cut_off() -> None:
    told = find_untold(window((0, 12)), CUT_AFTER_5, CODEC)
    assert told is not None

    whole = join(told, decoded(3, 4, 5, at(12)), DecodingOptions(), CODEC)
    longer = join(told, cut_off(3, 4, 5, at(11), at(11), 6), DecodingOptions(), CODEC)

    assert (whole.text, whole.is_cut_off) == ("w1 w2 w3 w4 w5", False)
    assert whole.tokens == (at(0), 1, 2, at(5), at(5), 3, 4, 5, at(12))
    assert (longer.text, longer.is_cut_off) == ("w1 w2 w3 w4 w5 w6", True)


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("it is silence", decoded(3, at(9), is_silence=True)),
        ("there is no text", decoded()),
        ("it is improbable", decoded(3, at(9), avg_logprob=-1.5)),
    ],
)
def test_what_was_told_stays_alone_where(sentence: str, rest: DecodedWindow) -> None:
    assert join(TOLD, rest, DecodingOptions(), CODEC) == TOLD_TO_5, sentence
