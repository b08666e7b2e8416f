"""A text that ends before the speech of its window does is gone on with."""

from dataclasses import replace

import numpy as np
import pytest

from support.word_codec import Words, at
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.untold import Told, cut_rest, find_rest, join
from waas_job.engine.windows import SAMPLE_RATE, DecodedWindow, Window, WindowWord

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


def window(*voices: tuple[float, float]) -> Window:
    """Return a window of twenty seconds in which somebody speaks at times."""
    places = tuple((round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in voices)
    return Window(np.zeros(20 * SAMPLE_RATE, np.float32), voices=places)


TOLD_TO_5 = decoded(at(0), 1, 2, at(5))


@pytest.mark.parametrize(
    ("sentence", "heard", "voices", "seconds"),
    [
        ("all is told", TOLD_TO_5, [(0.2, 5)], None),
        ("a breath is left", TOLD_TO_5, [(0.2, 5), (8, 9.4)], None),
        ("a sentence after a pause is left", TOLD_TO_5, [(0.2, 5), (8, 12)], 7.8),
        ("several short ones are left", TOLD_TO_5, [(0.2, 5), (8, 9), (10, 11)], 7.8),
        ("somebody goes on speaking", TOLD_TO_5, [(0.2, 12)], 5.0),
        ("nobody knows where speech is", TOLD_TO_5, [], None),
        ("the text ends without a time", decoded(at(0), 1, 2), [(0.2, 12)], None),
        ("nothing was heard", decoded(), [(0.2, 12)], None),
        ("silence was heard", replace(TOLD_TO_5, is_silence=True), [(8, 12)], None),
    ],
)
def test_rest_begins_where_untold_speech_does(
    sentence: str, heard: DecodedWindow, voices: list[tuple[float, float]], seconds: float | None
) -> None:
    place = find_rest(window(*voices), heard, CODEC)

    assert place == (None if seconds is None else round(seconds * SAMPLE_RATE)), sentence


def test_rest_is_a_window_of_what_lies_after_its_place() -> None:
    whole = window((0, 5), (6, 9), (12, 14))
    whole.samples[7 * SAMPLE_RATE] = 1

    rest = cut_rest(whole, 7 * SAMPLE_RATE)

    assert (len(rest.samples), rest.samples[0]) == (13 * SAMPLE_RATE, 1)
    assert rest.voices == ((0, 2 * SAMPLE_RATE), (5 * SAMPLE_RATE, 7 * SAMPLE_RATE))


TOLD = Told(TOLD_TO_5, 8 * SAMPLE_RATE)


def test_rest_goes_on_in_the_time_of_its_window() -> None:
    rest = replace(decoded(at(0.5), 3, 4, at(2), avg_logprob=-0.1), temperature=0.2)

    whole = join(TOLD, rest, CODEC, DecodingOptions())

    assert whole.tokens == (at(0), 1, 2, at(5), at(8.5), 3, 4, at(10))
    assert whole.text == "w1 w2 w3 w4"
    assert whole.avg_logprob == pytest.approx(-0.3)
    assert whole.temperature == 0.2
    assert find_rest(window((0, 10)), whole, CODEC) is None


@pytest.mark.parametrize(
    ("sentence", "rest", "tokens"),
    [
        ("without a first time it begins where the rest does", (3, at(1)), (at(8), 3, at(9))),
        ("no time lies beyond the longest window", (at(0), 3, at(29)), (at(8), 3, at(30))),
    ],
)
def test_times_of_a_rest_are_moved(
    sentence: str, rest: tuple[int, ...], tokens: tuple[int, ...]
) -> None:
    whole = join(TOLD, decoded(*rest), CODEC, DecodingOptions())

    assert whole.tokens[len(TOLD_TO_5.tokens) :] == tokens, sentence


def test_words_of_a_rest_are_moved() -> None:
    def word(token: int, start: float) -> WindowWord:
        return WindowWord(f" w{token}", (token,), start, start + 1, 0.9)

    told = Told(replace(TOLD_TO_5, words=(word(1, 0), word(2, 4))), 8 * SAMPLE_RATE)
    rest = replace(decoded(at(0), 3, at(1)), words=(word(3, 0),))

    assert join(told, rest, CODEC, DecodingOptions()).words == (word(1, 0), word(2, 4), word(3, 8))


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("it is silence", decoded(at(0), 3, at(1), is_silence=True)),
        ("there is no text", decoded()),
        ("it is improbable", decoded(at(0), 3, at(1), avg_logprob=-1.5)),
    ],
)
def test_what_was_told_stays_alone_where(sentence: str, rest: DecodedWindow) -> None:
    assert join(TOLD, rest, CODEC, DecodingOptions()) == TOLD_TO_5, sentence
