"""Whisper's loops, and what people say more than once."""

import pytest

from waas_job.engine.repetition import compression_ratio, goes_in_circles

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


def test_refrains_alone_would_be_taken_for_a_loop_by_their_ratio() -> None:
    assert compression_ratio(f"{A} {B} {A} {C} {A} {B} {A}") > 2.4
