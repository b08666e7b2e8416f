"""From a window's tokens to segments: nothing lost, nothing across a splice."""

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.word_codec import Words, at
from waas_contract.transcript import QualityFlag, Segment, Word
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.cues import find_cues
from waas_job.engine.history import text_before
from waas_job.engine.invented import drop_invented
from waas_job.engine.segments import build_segments
from waas_job.engine.windows import DecodedWindow, WindowWord
from waas_job.speech.timeline import SAMPLE_RATE, Piece, Timeline


def make_decoded(*tokens: int, words: tuple[WindowWord, ...] | None = None) -> DecodedWindow:
    return DecodedWindow(
        tokens=tokens,
        text="",
        avg_logprob=-0.25,
        no_speech_prob=0.125,
        temperature=0.2,
        compression_ratio=1.5,
        is_silence=False,
        words=words,
    )


def piece(start: float, end: float, *voices: tuple[float, float]) -> Piece:
    def place(seconds: float) -> int:
        return round(seconds * SAMPLE_RATE)

    return Piece(place(start), place(end), tuple((place(a), place(b)) for a, b in voices))


# Two sentences, nine seconds of silence taken out between them.
SPLICED = Timeline((piece(10, 15, (10.2, 14.8)), piece(24, 29, (24.2, 28.8))))


def build(
    decoded: DecodedWindow, timeline: Timeline = SPLICED, options: DecodingOptions | None = None
) -> tuple[Segment, ...]:
    return build_segments(decoded, timeline, Words(), options or DecodingOptions(), first_id=3)


def times(segments: Iterable[Segment]) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.text) for each in segments]


def test_a_segment_has_all_that_is_known_of_it() -> None:
    (segment,) = build(make_decoded(at(0), 1, 2, at(4.6)))
    assert segment == Segment(
        id=3,
        seek=1000,
        start=10.2,
        end=14.6,
        text=" w1 w2",
        tokens=(1, 2),
        temperature=0.2,
        avg_logprob=-0.25,
        compression_ratio=1.5,
        no_speech_prob=0.125,
    )


CUES = [
    ("in pairs", (at(0), 1, at(2), at(2), 2, at(4)), [(0, 2, (1,)), (2, 4, (2,))]),
    ("a pause between", (at(0), 1, at(2), at(3), 2, at(4)), [(0, 2, (1,)), (3, 4, (2,))]),
    ("single ones", (at(0), 1, at(2), 2, at(4)), [(0, 2, (1,)), (2, 4, (2,))]),
    ("no first one", (1, at(2)), [(0, 2, (1,))]),
    ("text after the last one", (at(1), 1, at(2), at(2), 2), [(1, 2, (1,)), (2, 10, (2,))]),
    ("no timestamps at all", (1, 2), [(0, 10, (1, 2))]),
    ("beyond the window", (at(9), 1, at(30)), [(9, 10, (1,))]),
    ("nothing but times", (at(0), at(5), at(5)), []),
    ("backwards", (at(5), 1, at(3), 2, at(6)), [(5, 5, (1,)), (5, 6, (2,))]),
]


@pytest.mark.parametrize(
    ("tokens", "cues"), [each[1:] for each in CUES], ids=[each[0] for each in CUES]
)
def test_text_lies_between_timestamps(
    tokens: tuple[int, ...], cues: list[tuple[float, float, tuple[int, ...]]]
) -> None:
    found = find_cues(make_decoded(*tokens), Words(), seconds=10)
    assert [(cue.start, cue.end, cue.tokens) for cue in found] == cues


def test_where_nobody_knows_who_speaks_times_are_those_of_whisper() -> None:
    timeline = Timeline((piece(10, 15), piece(24, 29)))
    segments = build(make_decoded(at(0.9), 1, at(4), at(5.2), 2, at(10)), timeline)
    assert times(segments) == [(10.9, 14.0, " w1"), (24.2, 29.0, " w2")]


def test_where_nobody_knows_who_speaks_a_piece_counts_as_a_whole() -> None:
    timeline = Timeline((piece(10, 15), piece(24, 29)))
    segments = build(make_decoded(at(0), 1, 2, 3, 4, at(10)), timeline)
    assert [each.text for each in segments] == [" w1 w2", " w3 w4"]


SPLITS = [
    ("each in its piece", (at(0), 1, at(5), at(5), 2, at(10)), [" w1", " w2"]),
    ("by the share of the speech", (at(0), 1, 2, 3, 4, at(10)), [" w1 w2", " w3 w4"]),
    ("at the end of a sentence", (at(0), 1, 2, 103, 4, 5, at(9)), [" w1 w2 w103.", " w4 w5"]),
    ("at the end of a clause", (at(0), 1, 2, 3, 204, 5, 6, at(9)), [" w1 w2 w3 w204,", " w5 w6"]),
    ("a little across belongs to one", (at(0), 1, 2, at(5.3)), [" w1 w2"]),
    ("a word is never cut", (at(0), 1, at(10)), [" w1"]),
]


@pytest.mark.parametrize(
    ("tokens", "texts"), [each[1:] for each in SPLITS], ids=[each[0] for each in SPLITS]
)
def test_no_segment_spans_a_splice(tokens: tuple[int, ...], texts: list[str]) -> None:
    segments = build(make_decoded(*tokens))
    assert [each.text for each in segments] == texts
    for segment in segments:
        assert any(
            each.start <= segment.start * SAMPLE_RATE and segment.end * SAMPLE_RATE <= each.end
            for each in SPLICED.pieces
        )


def test_starts_are_where_somebody_begins_to_speak() -> None:
    segments = build(make_decoded(at(0), 1, at(4.9), at(5.6), 2, at(8), at(8), 3, at(10)))
    assert times(segments) == [
        (10.2, 14.8, " w1"),
        (24.2, 27.0, " w2"),
        (27.0, 28.8, " w3"),
    ]


def word(token: int, start: float, end: float) -> WindowWord:
    return WindowWord(f" w{token}", (token,), start, end, probability=0.5)


def test_words_are_in_the_recordings_time_and_in_their_segments() -> None:
    words = (word(1, 0, 1), word(2, 4, 5.1), word(3, 5, 5.5), word(4, 9, 9.5))
    segments = build(make_decoded(at(0), 1, 2, 3, 4, at(10), words=words))
    assert [each.text for each in segments] == [" w1 w2", " w3 w4"]
    assert segments[0].words == (
        Word(word=" w1", start=10.2, end=11.0, probability=0.5),
        Word(word=" w2", start=14.0, end=14.8, probability=0.5),
    )
    assert segments[1].words == (
        Word(word=" w3", start=24.2, end=24.5, probability=0.5),
        Word(word=" w4", start=28.0, end=28.5, probability=0.5),
    )


TOKENS = st.lists(st.one_of(st.integers(1, 199), st.floats(0, 10).map(at)), min_size=0, max_size=30)


@given(TOKENS, st.booleans())
def test_every_word_comes_out_once_in_order_and_in_time(tokens: list[int], timed: bool) -> None:
    text = [each for each in tokens if each < Words.eot]
    words = tuple(
        word(each, number * 10 / len(text), (number + 1) * 10 / len(text))
        for number, each in enumerate(text)
    )
    segments = build(make_decoded(*tokens, words=words if timed else None))
    assert [token for segment in segments for token in segment.tokens] == text
    assert [segment.id for segment in segments] == list(range(3, 3 + len(segments)))
    reached = 10.0
    for segment in segments:
        assert reached <= segment.start <= segment.end <= 29
        reached = segment.end
        for each in segment.words or ():
            assert segment.start <= each.start <= each.end <= segment.end


def test_silence_has_no_segments() -> None:
    heard = make_decoded(at(0), 1, at(5))
    assert build(DecodedWindow(**{**vars(heard), "is_silence": True})) == ()


FLAGS = [
    ({}, None),
    ({"text": "and so on " * 30}, (QualityFlag.REPETITIVE,)),
    ({"avg_logprob": -1.5}, (QualityFlag.IMPROBABLE,)),
    ({"no_speech_prob": 0.75}, (QualityFlag.DOUBTFUL_SPEECH,)),
]


@pytest.mark.parametrize(("figures", "flags"), FLAGS)
def test_doubts_are_told(
    figures: dict[str, float | str], flags: tuple[QualityFlag, ...] | None
) -> None:
    heard = make_decoded(at(0), 1, at(5))
    (segment,) = build(DecodedWindow(**{**vars(heard), **figures}))
    assert segment.quality_flags == flags


def make_segment(
    start: float, end: float, *, probability: float = 0.9, **changes: float
) -> Segment:
    spoken = Word(word=" Thanks.", start=start, end=end, probability=probability)
    return Segment(
        id=0, start=start, end=end, text=" Thanks.", tokens=(1,), words=(spoken,), **changes
    )


NOTHING_SAID = -math.inf
INVENTED = [
    ("improbable and alone", 5, [make_segment(10, 10.5, probability=0.1)], []),
    ("probable", 5, [make_segment(10, 10.5)], [10]),
    ("next to speech", 5, [make_segment(6, 6.5, probability=0.1)], [6]),
    ("too long to be a word", 5, [make_segment(10, 15)], []),
    ("right at the start", NOTHING_SAID, [make_segment(0.5, 1, probability=0.1)], []),
    (
        "two in a row",
        5,
        [make_segment(10, 11, probability=0.1), make_segment(11, 12, probability=0.1)],
        [],
    ),
    (
        "speech right after",
        5,
        [make_segment(10, 11, probability=0.1), make_segment(12, 13)],
        [10, 12],
    ),
    ("speech much later", 5, [make_segment(10, 11, probability=0.1), make_segment(14, 15)], [14]),
    ("at the window's end", 5, [make_segment(28, 29.8, probability=0.1)], []),
    ("some time before it, and who knows", 5, [make_segment(26, 27.5, probability=0.1)], [26]),
]


@pytest.mark.parametrize(
    ("reached", "segments", "kept"),
    [each[1:] for each in INVENTED],
    ids=[each[0] for each in INVENTED],
)
def test_words_in_silence_that_look_invented_are_dropped(
    reached: float, segments: list[Segment], kept: list[float]
) -> None:
    found = drop_invented(segments, reached=reached, end=30, threshold=3)
    assert [each.start for each in found] == kept


def test_doubtful_text_says_nothing_about_what_follows() -> None:
    segments = [
        make_segment(0, 1).model_copy(update={"tokens": (1,)}),
        make_segment(1, 2, temperature=0.6).model_copy(update={"tokens": (2,)}),
        make_segment(2, 3, temperature=0.4).model_copy(update={"tokens": (3, 4)}),
        make_segment(3, 4).model_copy(update={"tokens": (5,)}),
    ]
    assert text_before(segments) == (3, 4, 5)
    assert text_before(segments[:2]) == ()
