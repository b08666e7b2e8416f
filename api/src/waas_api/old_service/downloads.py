"""Renders a transcript for GET /v1/download, in the old service's bytes.

What it had in common with Whisper's own formats comes from the contract; the rest is here.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

from waas_contract.formats import (
    CONTENT_TYPES,
    OutputFormat,
    caption_text,
    render_transcript,
    spoken_line,
)
from waas_contract.transcript import Segment, Transcript

DEFAULT_OUTPUT = "srt"

NewId = Callable[[], str]

# What the old service's JSON has of a segment; ours may hold words as well.
_SEGMENT_KEYS = frozenset(
    (
        "avg_logprob",
        "compression_ratio",
        "end",
        "id",
        "no_speech_prob",
        "seek",
        "start",
        "temperature",
        "text",
        "tokens",
    )
)


@dataclass(frozen=True)
class Download:
    """How one `output` is sent."""

    extension: str | None
    """Of the file that a browser saves; None to show the answer instead."""

    media_type: str
    render: Callable[[Transcript, str, NewId], str]
    """From the transcript, the recording's sanitized name and a source of ids."""


def _in_format(output_format: OutputFormat) -> Callable[[Transcript, str, NewId], str]:
    return lambda transcript, _, __: render_transcript(transcript, output_format)


def _render_txt(transcript: Transcript, _: str, __: NewId) -> str:
    """Return the text with a line end before each line, as the old service's clients know it."""
    return "".join(f"\n{spoken_line(segment)}" for segment in transcript.segments)


def _render_json(transcript: Transcript, _: str, __: NewId) -> str:
    """Return Whisper's result as Flask wrote it: keys sorted, ASCII, one line."""
    result = {
        "language": transcript.language,
        "segments": [
            segment.model_dump(include=set(_SEGMENT_KEYS)) for segment in transcript.segments
        ],
        "text": transcript.text,
    }
    return json.dumps(result, sort_keys=True, separators=(",", ":")) + "\n"


def _render_jojo(transcript: Transcript, name: str, new_id: NewId) -> str:
    """Return the document of the old service's editor; its times are hundredths of a second."""

    def render_segment(segment: Segment) -> dict[str, object]:
        return {
            "id": new_id(),
            "timeStart": math.floor(segment.start * 100),
            "timeEnd": math.floor(segment.end * 100),
            "text": caption_text(segment.text),
        }

    return json.dumps(
        {
            "docVersion": "1.0",
            "id": new_id(),
            "audiofile": {"id": new_id(), "url": f"file://web/{quote_plus(name)}"},
            "segments": [render_segment(segment) for segment in transcript.segments],
        }
    )


_SRT = CONTENT_TYPES[OutputFormat.SRT]

DOWNLOADS: dict[str, Download] = {
    "srt": Download("srt", _SRT, _in_format(OutputFormat.SRT)),
    "timecode_txt": Download("txt", _SRT, _in_format(OutputFormat.SRT)),
    "txt": Download("txt", CONTENT_TYPES[OutputFormat.TXT], _render_txt),
    "vtt": Download("vtt", CONTENT_TYPES[OutputFormat.VTT], _in_format(OutputFormat.VTT)),
    "tsv": Download("tsv", CONTENT_TYPES[OutputFormat.TSV], _in_format(OutputFormat.TSV)),
    "json": Download(None, CONTENT_TYPES[OutputFormat.JSON], _render_json),
    "jojo": Download("jojo", CONTENT_TYPES[OutputFormat.JSON], _render_jojo),
}
