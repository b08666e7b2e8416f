"""Renders a transcript in each output format.

SubRip and WebVTT differ in the decimal mark and in WebVTT's optional hours
(https://www.w3.org/TR/webvtt1/); "-->" separates times in both and is softened inside text.
Only these two have captions that can be cut for a screen. Who speaks is told where it is known.
"""

from collections.abc import Callable
from enum import StrEnum
from html import escape

from waas_contract.captions import Caption, cut_captions, introduce, name_on_one_line
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_options import SubtitleOptions


class OutputFormat(StrEnum):
    """A form in which a transcript can be stored."""

    JSON = "json"
    SRT = "srt"
    VTT = "vtt"
    TXT = "txt"
    TSV = "tsv"


CONTENT_TYPES: dict[OutputFormat, str] = {
    OutputFormat.JSON: "application/json",
    OutputFormat.SRT: "text/plain; charset=utf-8",
    OutputFormat.VTT: "text/vtt; charset=utf-8",
    OutputFormat.TXT: "text/plain; charset=utf-8",
    OutputFormat.TSV: "text/tab-separated-values; charset=utf-8",
}


def _clock(seconds: float, *, decimal_mark: str, with_hours: bool) -> str:
    milliseconds = round(seconds * 1000)
    hours, milliseconds = divmod(milliseconds, 3_600_000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    whole_seconds, milliseconds = divmod(milliseconds, 1000)
    head = f"{hours:02d}:" if with_hours or hours else ""
    return f"{head}{minutes:02d}:{whole_seconds:02d}{decimal_mark}{milliseconds:03d}"


def caption_text(text: str) -> str:
    """Return a segment's text as a caption may show it."""
    return text.strip().replace("-->", "->")


def spoken_line(segment: Segment) -> str:
    """Return what is said in a segment, after the name of who says it."""
    return caption_text(introduce(segment).text)


def _render_json(transcript: Transcript) -> str:
    return transcript.model_dump_json(exclude_none=True) + "\n"


def _render_srt(transcript: Transcript, subtitles: SubtitleOptions | None) -> str:
    def time(seconds: float) -> str:
        return _clock(seconds, decimal_mark=",", with_hours=True)

    introduced = map(introduce, transcript.segments)
    return "\n".join(
        f"{number}\n{time(each.start)} --> {time(each.end)}\n{caption_text(each.text)}\n"
        for number, each in enumerate(cut_captions(introduced, subtitles), start=1)
    )


def _render_vtt(transcript: Transcript, subtitles: SubtitleOptions | None) -> str:
    def time(seconds: float) -> str:
        return _clock(seconds, decimal_mark=".", with_hours=False)

    cues = (
        f"\n{time(each.start)} --> {time(each.end)}\n{_voice(each)}{caption_text(each.text)}\n"
        for each in cut_captions(transcript.segments, subtitles)
    )
    return "WEBVTT\n" + "".join(cues)


def _voice(caption: Caption) -> str:
    """Return WebVTT's mark of who speaks; the text after it is theirs to the end of the cue."""
    name = name_on_one_line(caption.speaker)
    return f"<v {escape(name)}>" if name else ""


def _render_txt(transcript: Transcript) -> str:
    return "".join(f"{spoken_line(segment)}\n" for segment in transcript.segments)


def _render_tsv(transcript: Transcript) -> str:
    names = [name_on_one_line(segment.speaker) for segment in transcript.segments]
    rows = [["start", "end", "text", "speaker"]]
    for segment, name in zip(transcript.segments, names, strict=True):
        times = (segment.start, segment.end)
        text = segment.text.strip().replace("\t", " ")
        rows.append([*(str(round(time * 1000)) for time in times), text, name])
    columns = len(rows[0]) if any(names) else len(rows[0]) - 1
    return "".join("\t".join(row[:columns]) + "\n" for row in rows)


_CAPTION_RENDERERS: dict[OutputFormat, Callable[[Transcript, SubtitleOptions | None], str]] = {
    OutputFormat.SRT: _render_srt,
    OutputFormat.VTT: _render_vtt,
}
_RENDERERS: dict[OutputFormat, Callable[[Transcript], str]] = {
    OutputFormat.JSON: _render_json,
    OutputFormat.TXT: _render_txt,
    OutputFormat.TSV: _render_tsv,
}


def render_transcript(
    transcript: Transcript, output_format: OutputFormat, subtitles: SubtitleOptions | None = None
) -> str:
    """Return the transcript in a format, as the text of one file (UTF-8, Unix line ends).

    Subtitles are cut as the options say; the other formats have no captions.
    """
    if output_format in _CAPTION_RENDERERS:
        return _CAPTION_RENDERERS[output_format](transcript, subtitles)
    return _RENDERERS[output_format](transcript)
