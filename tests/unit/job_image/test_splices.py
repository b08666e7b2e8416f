"""Where a cue is cut whose silence was taken out, in scripts with and without spaces."""

from collections.abc import Iterable

import pytest

from support.paragraphs import PARAGRAPHS, paragraph
from waas_contract.line_breaking import split_text
from waas_job.engine.cues import Cue
from waas_job.engine.splices import place_cues
from waas_job.speech.timeline import SAMPLE_RATE, Piece, Timeline

SECONDS = 10


class Bytes:
    """A codec of which each token is a byte: a text could be cut anywhere, even within a letter."""

    eot = 256
    timestamp_begin = 257

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, tokens: Iterable[int]) -> str:
        return bytes(tokens).decode(errors="replace")


def cut(text: str, seconds: float) -> list[str]:
    """Return what becomes of a cue of which so many seconds lie before a splice."""
    first, second = round(seconds * SAMPLE_RATE), round((SECONDS - seconds) * SAMPLE_RATE)
    later = 2 * SECONDS * SAMPLE_RATE
    timeline = Timeline(
        (Piece(0, first, ((0, first),)), Piece(later, later + second, ((later, later + second),)))
    )
    codec = Bytes()
    placed = place_cues([Cue(0, SECONDS, tuple(codec.encode(text)))], timeline, codec)
    return [codec.decode(each.cue.tokens) for each in placed]


SPLICES = [0.5 * number for number in range(1, 2 * SECONDS)]

SCRIPTS_WITH_SPACES = [script for script in PARAGRAPHS if script not in ("Chinese", "Thai")]


@pytest.mark.parametrize("script", SCRIPTS_WITH_SPACES)
def test_words_stay_whole_in_every_script(script: str) -> None:
    text = " " + " ".join(paragraph(script).split()[:12])
    for seconds in SPLICES:
        parts = cut(text, seconds)
        assert "".join(parts) == text
        assert [each[0] for each in parts] == [" "] * len(parts)


@pytest.mark.parametrize("script", ["Chinese", "Thai"])
def test_scripts_without_spaces_are_cut_where_a_line_may_end(script: str) -> None:
    text = PARAGRAPHS[script][0]
    pieces = [each.text for each in split_text(text)]
    for seconds in SPLICES:
        parts = cut(text, seconds)
        assert [each.text for part in parts for each in split_text(part)] == pieces


ENDS = [
    ("a full stop", "नदी शांत थी। नाव किनारे पर बँधी थी और लोग सो गए", "नदी शांत थी।"),
    ("a full stop in Urdu", "وہ گھر گیا\u06d4 پھر اس نے کتاب پڑھی اور سو گیا", "وہ گھر گیا\u06d4"),
    ("a question", "أين كان أبوك؟ كان في البيت يقرأ كتابا قديما", "أين كان أبوك؟"),
    ("a full stop before a quotation", "他说好。「我们明天早上再去河边看看吧」", "他说好。"),
    ("a comma", "天快要黑了\uff0c我们明天早上再去河边看看吧", "天快要黑了\uff0c"),
]


@pytest.mark.parametrize(("sentence", "text", "first"), ENDS)
def test_cuts_are_rather_at_ends_of_sentences(sentence: str, text: str, first: str) -> None:
    share = len(first) / len(text) + 0.05
    assert cut(text, share * SECONDS)[0] == first, sentence
