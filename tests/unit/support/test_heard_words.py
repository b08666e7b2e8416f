import numpy as np
import pytest

from support.heard_words import measure_cue_starts, measure_word_starts, measure_words
from support.media import SAMPLE_RATE
from support.spoken_mix import Mix, Sentence
from waas_contract.transcript import Segment, Word

# Two sentences in a minute, 50 seconds of which are without speech.
MIX = Mix(
    np.zeros(60 * SAMPLE_RATE, dtype=np.float32),
    (
        Sentence("he was not an ill disposed young man", start=10, onset=10.25, end=15),
        Sentence("he might have been made amiable", start=30, onset=30.25, end=35),
    ),
)
FIRST, SECOND = (sentence.text for sentence in MIX.sentences)
SAID = 14


@pytest.mark.parametrize(
    ("heard", "exchanged", "dropped", "inserted", "outside"),
    [
        pytest.param(f"{FIRST}. {SECOND}!", 0, 0, 0, 0, id="all that was said"),
        pytest.param(f"{FIRST} {SECOND} thank you", 0, 0, 2, 2, id="words after the last sentence"),
        pytest.param(f"{FIRST} indeed {SECOND}", 0, 0, 1, 1, id="a word between the sentences"),
        pytest.param(f"{FIRST} {SECOND} amiable", 0, 0, 1, 1, id="the last word twice"),
        pytest.param(FIRST, 0, 6, 0, 0, id="a sentence left out"),
        pytest.param(f"{FIRST.replace(' an ', ' a very ')} {SECOND}", 1, 0, 1, 0, id="within one"),
        pytest.param("", 0, SAID, 0, 0, id="nothing"),
    ],
)
def test_words_are_told_from_what_was_said(
    heard: str, exchanged: int, dropped: int, inserted: int, outside: int
) -> None:
    figures = measure_words(MIX, heard)

    assert (figures.said, figures.exchanged, figures.dropped) == (SAID, exchanged, dropped)
    assert (figures.inserted, figures.inserted_without_speech) == (inserted, outside)
    assert figures.insertions_per_minute == pytest.approx(outside * 60 / 50)
    assert figures.error_rate is not None
    assert figures.error_rate.value == pytest.approx((exchanged + dropped + inserted) / SAID)
    assert figures.error_rate.low <= figures.error_rate.value <= figures.error_rate.high


def test_words_heard_where_nobody_speaks_are_insertions() -> None:
    silence = Mix(np.zeros(30 * SAMPLE_RATE, dtype=np.float32), ())

    figures = measure_words(silence, "Thank you.")

    assert figures.insertions_per_minute == 4
    assert figures.error_rate is None


@pytest.mark.parametrize(
    ("heard", "repeats"),
    [
        (f"{FIRST} {SECOND}", 0),
        (f"{FIRST} {SECOND} {SECOND}", 2),
        ("so it went on and " * 3, 6),
    ],
)
def test_runs_of_words_that_come_too_often_are_repeats(heard: str, repeats: int) -> None:
    assert measure_words(MIX, heard).repeated_grams == repeats


def make_segment(text: str, start: float, words: tuple[Word, ...] | None = None) -> Segment:
    return Segment(id=0, start=start, end=start + 1, text=text, words=words)


def test_cues_are_measured_where_they_begin_a_sentence() -> None:
    apart = [
        make_segment(FIRST[:10], 10.35),
        make_segment(FIRST[10:], 12),
        make_segment(SECOND, 30.15),
    ]

    errors = measure_cue_starts(MIX, apart)

    assert errors.measured == 2
    assert errors.median == pytest.approx(0.1)
    assert measure_cue_starts(MIX, [make_segment(f"{FIRST} {SECOND}", 10.25)]).measured == 1
    assert measure_cue_starts(MIX, []).median is None


def test_the_first_words_of_sentences_are_measured() -> None:
    words = [
        Word(word=f" {word}", start=start + place, end=start + place + 1, probability=1)
        for text, start in ((FIRST, 10.25), (SECOND, 30.75))
        for place, word in enumerate(text.split())
    ]

    errors = measure_word_starts(MIX, [make_segment(f"{FIRST} {SECOND}", 10, tuple(words))])

    assert errors.measured == 2
    assert errors.median == pytest.approx(0.25)
    assert errors.p95 == pytest.approx(0.475)
