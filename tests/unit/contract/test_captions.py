from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_transcript
from waas_contract.captions import Caption, cut_captions
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.line_breaking import split_text
from waas_contract.transcript import Segment, Transcript, Word
from waas_contract.transcription_options import SubtitleOptions

SENTENCE = " It was a truth that nobody in the whole of the county had ever doubted."


def make_segment(text: str, start: float = 0, end: float = 10) -> Segment:
    return Segment(id=0, start=start, end=end, text=text)


def make_spoken_segment(*words: tuple[str, float, float], text: str | None = None) -> Segment:
    return Segment(
        id=0,
        start=words[0][1],
        end=words[-1][2],
        text="".join(word for word, _, _ in words) if text is None else text,
        words=tuple(
            Word(word=word, start=start, end=end, probability=1) for word, start, end in words
        ),
    )


def cut(segment: Segment, **limits: float) -> list[Caption]:
    return list(cut_captions([segment], SubtitleOptions.model_validate(limits)))


def texts(captions: list[Caption]) -> list[str]:
    return [each.text for each in captions]


def test_without_limits_a_segment_is_a_caption_as_it_is() -> None:
    segment = make_segment("  A  b ", 1, 2)
    for options in (None, SubtitleOptions()):
        assert list(cut_captions([segment], options)) == [Caption(1, 2, "  A  b ")]


def test_lines_are_of_about_the_same_length() -> None:
    assert texts(cut(make_segment(SENTENCE), max_line_width=42)) == [
        "It was a truth that nobody in the\nwhole of the county had ever doubted."
    ]


def test_captions_are_of_about_the_same_length() -> None:
    assert texts(cut(make_segment(SENTENCE), max_line_width=42, max_line_count=1)) == [
        "It was a truth that nobody in the",
        "whole of the county had ever doubted.",
    ]


def test_two_lines_of_two_captions() -> None:
    assert texts(cut(make_segment(SENTENCE), max_line_width=20, max_line_count=2)) == [
        "It was a truth\nthat nobody in the",
        "whole of the county\nhad ever doubted.",
    ]


def test_a_word_that_is_wider_than_a_line_is_whole() -> None:
    text = "Die Donaudampfschifffahrtsgesellschaft kam."
    assert texts(cut(make_segment(text), max_line_width=10, max_line_count=1)) == [
        "Die",
        "Donaudampfschifffahrtsgesellschaft",
        "kam.",
    ]


def test_time_is_shared_out_by_characters() -> None:
    first, second = cut(
        make_segment("aaaaaa bbbbbbbbb ccccc", 100, 120), max_line_width=16, max_line_count=1
    )
    assert first == Caption(100, 106, "aaaaaa")
    assert second == Caption(106, 120, "bbbbbbbbb ccccc")


def test_words_keep_their_times() -> None:
    segment = make_spoken_segment((" Good", 1, 1.4), (" morning,", 1.4, 2), (" Åse.", 5, 5.5))
    assert cut(segment, max_cue_seconds=2) == [
        Caption(1, 2, "Good morning,"),
        Caption(5, 5.5, "Åse."),
    ]


def test_times_of_words_that_are_not_those_of_the_text_are_left() -> None:
    segment = make_spoken_segment(
        (" Good", 0, 1), (" mourning.", 8, 10), text=" Good morning, Vietnam."
    )
    captions = cut(segment, max_line_width=13, max_line_count=1)
    assert texts(captions) == ["Good morning,", "Vietnam."]
    assert captions[0].end == captions[1].start == 6


def test_words_without_duration_make_no_caption_without_duration() -> None:
    segment = make_spoken_segment((" One", 0, 0), (" two", 0, 4), (" three", 4, 4))
    for caption in cut(segment, max_line_width=10, max_line_count=1, max_cue_seconds=1):
        assert caption.start < caption.end


def test_a_word_that_lasts_too_long_does_not_stay_so_long() -> None:
    assert cut(make_spoken_segment((" Oh!", 3, 12)), max_cue_seconds=5) == [Caption(3, 8, "Oh!")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "我们今天要讨论的是语音识别技术的发展。",
            ["我们今天要讨论的是语", "音识别技术的发展。"],
        ),
        ("これは字幕を分けるためのテストです。", ["これは字幕を分ける", "ためのテストです。"]),
        ("วันนี้เราจะพูดถึงการรู้จำเสียง", ["วันนี้เรา", "จะพูดถึง", "การรู้จำ", "เสียง"]),
    ],
    ids=["Chinese", "Japanese", "Thai"],
)
def test_languages_without_spaces_are_cut(text: str, lines: list[str]) -> None:
    (caption,) = cut(make_segment(text), max_line_width=10)
    assert caption.text.split("\n") == lines


def test_silence_has_no_caption() -> None:
    assert cut(make_segment("  "), max_line_width=42) == []


def test_rendered_subtitles_are_shaped_and_other_formats_are_not() -> None:
    transcript = make_transcript((0, 4, " One two three -->"), (4, 5, " "), (5, 6, " Four."))
    options = SubtitleOptions(max_line_width=10, max_line_count=1)
    assert render_transcript(transcript, OutputFormat.SRT, options) == (
        "1\n00:00:00,000 --> 00:00:01,714\nOne two\n\n"
        "2\n00:00:01,714 --> 00:00:04,000\nthree ->\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nFour.\n"
    )
    assert render_transcript(transcript, OutputFormat.VTT, options).count("-->") == 3
    for each in (OutputFormat.JSON, OutputFormat.TXT, OutputFormat.TSV):
        assert render_transcript(transcript, each, options) == render_transcript(transcript, each)


def test_a_name_counts_among_the_characters_and_comes_once_a_segment() -> None:
    spoken = make_spoken_segment((" Good", 1, 1.4), (" morning,", 1.4, 2), (" Åse.", 5, 5.5))
    transcript = Transcript(
        language="en",
        duration=9,
        text="",
        segments=(spoken.model_copy(update={"speaker": "Bo"}),),
    )
    options = SubtitleOptions(max_line_width=13, max_line_count=1)
    assert render_transcript(transcript, OutputFormat.SRT, options) == (
        "1\n00:00:01,000 --> 00:00:01,400\nBo: Good\n\n"
        "2\n00:00:01,400 --> 00:00:05,500\nmorning, Åse.\n"
    )
    assert render_transcript(transcript, OutputFormat.VTT, options) == (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Bo>Good morning,\n\n"
        "00:05.000 --> 00:05.500\n<v Bo>Åse.\n"
    )


LETTERS = st.sampled_from("abcæ.,!'-我们的。「」ーャテสวัสดีเ안녕")
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=14), min_size=0, max_size=40)
LIMITS = st.builds(
    SubtitleOptions,
    max_line_width=st.none() | st.integers(10, 60),
    max_line_count=st.none() | st.integers(1, 4),
    max_cue_seconds=st.none() | st.floats(0.5, 20),
).filter(lambda options: options.limits_anything)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    """Draw a segment, with times of words or without, also such as make no sense."""
    words = draw(WORDS)
    start = draw(st.floats(0, 36_000))
    end = start + draw(st.floats(0.1, 60))
    moments = st.floats(start - 1, end + 1)
    timed = tuple(
        Word(word=f" {word}", start=draw(moments), end=draw(moments), probability=1)
        for word in words
    )
    text = "".join(word.word for word in timed)
    return Segment(
        id=0, start=start, end=end, text=text, words=timed if draw(st.booleans()) else None
    )


@given(segments(), LIMITS)
def test_every_word_is_shown_once_and_in_order(segment: Segment, options: SubtitleOptions) -> None:
    shown = " ".join(texts(list(cut_captions([segment], options))))
    assert "".join(shown.split()) == "".join(segment.text.split())
    pieces = {piece.text for piece in split_text(segment.text)}
    assert {piece.text for piece in split_text(shown)} <= pieces


@given(segments(), LIMITS)
def test_limits_are_kept(segment: Segment, options: SubtitleOptions) -> None:
    for caption in cut_captions([segment], options):
        lines = caption.text.split("\n")
        assert all(line.strip() == line != "" for line in lines)
        if options.max_line_width:
            for line in lines:
                assert len(line) <= options.max_line_width or len(split_text(line)) == 1
            assert len(lines) <= (options.max_line_count or len(lines))
        else:
            assert len(lines) == 1
        if options.max_cue_seconds:
            assert caption.end - caption.start <= options.max_cue_seconds + 1e-5


@given(segments(), LIMITS)
def test_times_never_go_back_and_stay_in_the_segment(
    segment: Segment, options: SubtitleOptions
) -> None:
    captions = list(cut_captions([segment], options))
    for caption in captions:
        assert segment.start <= caption.start < caption.end <= segment.end
    for caption, next_caption in pairwise(captions):
        assert caption.end <= next_caption.start
