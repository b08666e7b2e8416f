"""Whisper's loops, and what people say more than once."""

import zlib

import pytest

from support.paragraphs import PARAGRAPHS, paragraph, say
from waas_job.engine.repetition import compression_ratio, goes_in_circles, letters_of

A = "And Mr. John Dashwood had then leisure to consider how much there might be in his power."
B = "He was not an ill-disposed young man."
C = "He might even have been made amiable himself."


def test_text_that_repeats_itself_compresses_well() -> None:
    assert compression_ratio("") < 1
    assert compression_ratio("Elinor saw nothing to surprise her in it.") < 1.2
    assert compression_ratio("and so on " * 30) > 2.4


@pytest.mark.parametrize(
    ("sentence", "text", "circles"),
    [
        ("nothing comes again", f"{A} {B} {C}", False),
        ("a sentence is said twice", f"{A} {A} {B}", False),
        ("refrains come between others", f"{A} {B} {A} {C} {A} {B} {A}", False),
        ("it is written otherwise", f"{A} {B} {A[:-1]}, {C} {A.upper()} {B}", False),
        ("a sentence is said three times running", f"{B} {A} {A} {A}", True),
        ("two take turns without end", f"{B} {C} " * 5, True),
        ("a few words go on and on", f"{A} " + "and so on " * 30, True),
        ("there are no spaces", "\u8c22\u8c22" * 40, True),
        ("it is nearly the same each time", " ".join(f"I go to {n}," for n in range(60)), True),
    ],
)
def test_circles_are_told_from_what_comes_again(sentence: str, text: str, circles: bool) -> None:
    assert goes_in_circles(text, 2.4) is circles, sentence


@pytest.mark.parametrize("mark", [".", "!", " ♪", "\u06d4", " -"])
def test_one_mark_over_and_over_is_a_loop(mark: str) -> None:
    assert goes_in_circles(f"{A}{mark * 200}", 2.4)
    assert goes_in_circles(mark * 200, 2.4)
    assert not goes_in_circles(f"{A}{mark * 3} {B}{mark * 3}", 2.4)


def test_refrains_alone_would_be_taken_for_a_loop_by_their_ratio() -> None:
    assert compression_ratio(f"{A} {B} {A} {C} {A} {B} {A}") > 2.4


@pytest.mark.parametrize("script", PARAGRAPHS)
def test_no_script_goes_in_circles_by_the_way_it_is_written(script: str) -> None:
    assert not goes_in_circles(paragraph(script), 2.4)


@pytest.mark.parametrize("script", PARAGRAPHS)
def test_loops_are_found_in_every_script(script: str) -> None:
    first, second, *_ = PARAGRAPHS[script]
    assert goes_in_circles(say(*[first] * 4), 2.4)
    assert goes_in_circles(say(second, *[first] * 5), 2.4)
    assert goes_in_circles(say(second, *[first[:9]] * 20), 2.4)


# What is said again is a sentence by the mark at its end; Thai has none.
SCRIPTS_WITH_SENTENCES = [script for script in PARAGRAPHS if script != "Thai"]


@pytest.mark.parametrize("script", SCRIPTS_WITH_SENTENCES)
def test_refrains_come_again_in_every_script(script: str) -> None:
    first, second, third, *_ = PARAGRAPHS[script]
    song = say(first, second, first, third, first, second, first)
    assert compression_ratio(song) > 2.4
    assert not goes_in_circles(song, 2.4)


ENDS = [
    ("Urdu", "\u06d4"),
    ("Armenian", "\u0589"),
    ("Amharic", "\u1362"),
    ("Burmese", "\u104b"),
    ("Khmer", "\u17d4"),
    ("Japanese, half as wide", "\uff61"),
]


@pytest.mark.parametrize(("script", "end"), ENDS)
def test_sentences_end_in_every_script(script: str, end: str) -> None:
    a, b, c = (sentence.strip(".") + end for sentence in (A, B, C))
    assert not goes_in_circles(f"{a} {b} {a} {c} {a} {b} {a}", 2.4), script


def test_what_compresses_is_told_as_openai_whisper_tells_it() -> None:
    text = paragraph("Georgian")
    assert compression_ratio(text) == len(text.encode()) / len(zlib.compress(text.encode()))


def test_english_is_judged_by_the_ratio_that_is_told() -> None:
    loop = f"{A} {A} {A}"
    ratio = compression_ratio(loop)
    assert goes_in_circles(loop, ratio - 0.001)
    assert not goes_in_circles(loop, ratio)


def test_more_letters_than_an_alphabet_has_are_told_apart() -> None:
    letters = [chr(code) for code in range(0x1200, 0x1240)] + [chr(c) for c in range(0x400, 0x460)]
    assert not goes_in_circles("".join(letters), 2.4)
    assert goes_in_circles("".join(letters * 4), 2.4)


@pytest.mark.parametrize(
    ("sentence", "text", "again", "same"),
    [
        ("marks and capitals are no words", "Go on. Go on!", "go on, go on", True),
        ("Hindi vowels are", "\u0915\u0940", "\u0915\u093e", False),
        ("so are Thai ones", "\u0e01\u0e34", "\u0e01\u0e38", False),
    ],
)
def test_texts_of_the_same_words_have_the_same_letters(
    sentence: str, text: str, again: str, same: bool
) -> None:
    assert (letters_of(text) == letters_of(again)) is same, sentence
