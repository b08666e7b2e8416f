"""Documents as python-docx reads them."""

import io

import docx
import pytest

from waas_api.transcripts.word_document import render
from waas_contract.transcript import Segment, Transcript

ANN, BOB = "Ann", "Bob"


def make_transcript(*pieces: tuple[float, float, str, str | None]) -> Transcript:
    segments = tuple(
        Segment(id=number, start=start, end=end, text=text, speaker=speaker)
        for number, (start, end, text, speaker) in enumerate(pieces)
    )
    return Transcript(language="en", duration=9, text="", segments=segments)


def read(transcript: Transcript, title: str = "Interview") -> tuple[str, list[str]]:
    """Return the title and the paragraphs."""
    first, *others = docx.Document(io.BytesIO(render(transcript, title))).paragraphs
    assert first.style is not None
    assert first.style.name == "Title"
    return first.text, [each.text for each in others]


PARAGRAPHS = [
    (
        "segments of one speaker are a paragraph, with the time of the first",
        [(1.5, 4, " Good morning.", ANN), (4, 6, " How are you?", ANN), (6, 7, " Fine.", BOB)],
        ["0:01  Ann: Good morning. How are you?", "0:06  Bob: Fine."],
    ),
    ("nobody is named where nobody is known", [(0, 1, " Hei.", None)], ["0:00  Hei."]),
    (
        "a pause ends a paragraph",
        [(0, 1, " a", None), (2.9, 4, " b", None), (6, 7, " c", None)],
        ["0:00  a b", "0:06  c"],
    ),
    (
        "so does a minute",
        [(number * 10, number * 10 + 10, f" {number}", None) for number in range(8)],
        ["0:00  0 1 2 3 4 5", "1:00  6 7"],
    ),
    (
        "hours are shown where there are some",
        [(3725, 3726, " x", None)],
        ["1:02:05  x"],
    ),
    (
        "languages without spaces get none",
        [(0, 1, "これは", None), (1, 2, "字幕です。", None)],
        ["0:00  これは字幕です。"],
    ),
    ("what is empty is left out", [(0, 1, "  ", ANN), (1, 2, " x", BOB)], ["0:01  Bob: x"]),
    (
        "nothing is markup, and what XML cannot hold is left out",
        [(0, 1, " <w:p/> & \x00\x1b\ufffe😀\nnext", "A\n<B>")],
        ["0:00  A <B>: <w:p/> & 😀 next"],
    ),
    ("silence is a title alone", [], []),
]


@pytest.mark.parametrize(
    ("pieces", "paragraphs"), [pytest.param(*case[1:], id=case[0]) for case in PARAGRAPHS]
)
def test_a_document_has_who_speaks_when_and_what(
    pieces: list[tuple[float, float, str, str | None]], paragraphs: list[str]
) -> None:
    assert read(make_transcript(*pieces), "Blåbær & <co>") == ("Blåbær & <co>", paragraphs)


def test_names_and_times_have_styles_of_their_own() -> None:
    content = render(make_transcript((0, 1, " Hei.", ANN)), "x")
    runs = docx.Document(io.BytesIO(content)).paragraphs[1].runs
    assert [(each.text, each.style and each.style.name) for each in runs][:2] == [
        ("0:00  ", "Time"),
        ("Ann: ", "Speaker"),
    ]


def test_the_same_transcript_is_the_same_document() -> None:
    transcript = make_transcript((0, 1, " Hei.", ANN))
    assert render(transcript, "x") == render(transcript, "x")
