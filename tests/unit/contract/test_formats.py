import pytest

from support.builders import make_transcript
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.transcript import Segment, Transcript

TWO_SEGMENTS = make_transcript((0, 3.92, " Hei."), (3.92, 3725.5, " A --> B"))
NOTHING_SAID = make_transcript()


def make_conversation(*pieces: tuple[str | None, str]) -> Transcript:
    """Return a transcript of one second for each speaker and text."""
    segments = tuple(
        Segment(id=number, start=number, end=number + 1, text=text, speaker=speaker)
        for number, (speaker, text) in enumerate(pieces)
    )
    return Transcript(language="no", duration=len(pieces), text="", segments=segments)


CONVERSATION = make_conversation(("Åse", " Hei."), ("Bo & <Co>", " Hallo."), (None, " (ring)"))
STRANGE = make_conversation(("A\n\tB --> C", " Hei."), ("", " x"), ("Åse", "  "))

CASES = [
    (
        "SubRip numbers its captions and always shows hours",
        TWO_SEGMENTS,
        OutputFormat.SRT,
        "1\n00:00:00,000 --> 00:00:03,920\nHei.\n\n2\n00:00:03,920 --> 01:02:05,500\nA -> B\n",
    ),
    (
        "WebVTT has a blank line after its header and hours only from the first hour on",
        TWO_SEGMENTS,
        OutputFormat.VTT,
        "WEBVTT\n\n00:00.000 --> 00:03.920\nHei.\n\n00:03.920 --> 01:02:05.500\nA -> B\n",
    ),
    ("plain text is a line a segment", TWO_SEGMENTS, OutputFormat.TXT, "Hei.\nA -> B\n"),
    (
        "tab-separated values count milliseconds",
        TWO_SEGMENTS,
        OutputFormat.TSV,
        "start\tend\ttext\n0\t3920\tHei.\n3920\t3725500\tA --> B\n",
    ),
    (
        "a tab inside a text does not make a column",
        make_transcript((0, 1, " a\tb")),
        OutputFormat.TSV,
        "start\tend\ttext\n0\t1000\ta b\n",
    ),
    (
        "half a millisecond does not make a second of 1000 milliseconds",
        make_transcript((0, 59.9996, "x")),
        OutputFormat.SRT,
        "1\n00:00:00,000 --> 00:01:00,000\nx\n",
    ),
    (
        "SubRip has the speaker's name before the text, where there is one",
        CONVERSATION,
        OutputFormat.SRT,
        "1\n00:00:00,000 --> 00:00:01,000\nÅse: Hei.\n\n"
        "2\n00:00:01,000 --> 00:00:02,000\nBo & <Co>: Hallo.\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\n(ring)\n",
    ),
    (
        "WebVTT has marks for voices",
        CONVERSATION,
        OutputFormat.VTT,
        "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Åse>Hei.\n\n"
        "00:01.000 --> 00:02.000\n<v Bo &amp; &lt;Co&gt;>Hallo.\n\n"
        "00:02.000 --> 00:03.000\n(ring)\n",
    ),
    (
        "plain text has the name before the text",
        CONVERSATION,
        OutputFormat.TXT,
        "Åse: Hei.\nBo & <Co>: Hallo.\n(ring)\n",
    ),
    (
        "a table has a column more, the last one",
        CONVERSATION,
        OutputFormat.TSV,
        "start\tend\ttext\tspeaker\n0\t1000\tHei.\tÅse\n"
        "1000\t2000\tHallo.\tBo & <Co>\n2000\t3000\t(ring)\t\n",
    ),
    (
        "a name stays on its line, and nobody says nothing",
        STRANGE,
        OutputFormat.SRT,
        "1\n00:00:00,000 --> 00:00:01,000\nA B -> C: Hei.\n\n"
        "2\n00:00:01,000 --> 00:00:02,000\nx\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\n\n",
    ),
    ("a name is no time", STRANGE, OutputFormat.TXT, "A B -> C: Hei.\nx\n\n"),
    ("silence has no captions", NOTHING_SAID, OutputFormat.SRT, ""),
    ("silence is still WebVTT", NOTHING_SAID, OutputFormat.VTT, "WEBVTT\n"),
    ("silence is an empty text", NOTHING_SAID, OutputFormat.TXT, ""),
]


@pytest.mark.parametrize(
    ("transcript", "output_format", "text"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_rendering(transcript: Transcript, output_format: OutputFormat, text: str) -> None:
    assert render_transcript(transcript, output_format) == text


def test_json_reads_back_as_the_same_transcript() -> None:
    text = render_transcript(TWO_SEGMENTS, OutputFormat.JSON)

    assert Transcript.model_validate_json(text) == TWO_SEGMENTS
    assert text.endswith("}\n")
