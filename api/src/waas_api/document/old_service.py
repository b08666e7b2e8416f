"""What the routes of the old service take and answer."""

from typing import Any

from waas_api.document.bodies import takes
from waas_api.document.examples import JOB_ID
from waas_api.document.headers import Parameter
from waas_api.document.schemas import Schema
from waas_api.old_service.downloads import DEFAULT_OUTPUT, DOWNLOADS
from waas_contract.transcription_job import Task

_COUNT: Schema = {"type": "integer", "minimum": 0}
_NULLABLE_TEXT: Schema = {"type": ["string", "null"]}

UNDER_WAY_SCHEMA: Schema = {
    "type": "object",
    "required": ["job_id"],
    "properties": {"job_id": {"type": "string"}},
}
CREATED_JOB = {"job_id": JOB_ID}
LANGUAGE_SCHEMA: Schema = {
    "type": "object",
    "required": ["detectedLanguage", "languageCode"],
    "properties": {"detectedLanguage": {"type": "string"}, "languageCode": {"type": "string"}},
}
LANGUAGE = {"detectedLanguage": "norwegian", "languageCode": "no"}
QUEUE_SCHEMA: Schema = {
    "type": "object",
    "required": ["count", "length"],
    "properties": {"count": _COUNT, "length": _COUNT},
}
STATS_SCHEMA: Schema = {
    "type": "object",
    "required": ["total_time_transcribed"],
    "properties": {"total_time_transcribed": {"type": "number", "minimum": 0}},
}
PARAMETERS_SCHEMA: Schema = {
    "type": "object",
    "required": ["queryParams"],
    "properties": {"queryParams": {"type": "object"}},
}
JOB_SCHEMA: Schema = {
    "type": "object",
    "required": ["status", "position_in_queue", "queue_size", "meta", "progress"],
    "properties": {
        "status": {"enum": ["queued", "deferred", "started", "finished", "failed", "canceled"]},
        "position_in_queue": {"type": ["integer", "null"], "minimum": 0},
        "queue_size": _COUNT,
        "enqueued_at": _NULLABLE_TEXT,
        "started_at": _NULLABLE_TEXT,
        "ended_at": _NULLABLE_TEXT,
        "exc_info": _NULLABLE_TEXT,
        "seconds_used": {"type": "number", "minimum": 0},
        "progress": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
        "meta": {"type": "object", "properties": {"uploaded_filename": {"type": "string"}}},
    },
}
JOB = {
    "enqueued_at": "Mon, 23 Nov 2026 08:30:00 GMT",
    "meta": {"email": None, "uploaded_filename": "interview.flac", "webhook_id": None},
    "position_in_queue": None,
    "progress": 42,
    "queue_size": 3,
    "seconds_used": 71.5,
    "started_at": "Mon, 23 Nov 2026 08:30:12 GMT",
    "status": "started",
}
TRANSCRIPT = {
    "language": "no",
    "segments": [{"id": 0, "start": 0.0, "end": 3.92, "text": " Hei på deg."}],
    "text": " Hei på deg.",
}


def _in_query(name: str, description: str, example: str, **schema: object) -> Parameter:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string"} | schema,
        "example": example,
    }


TAKES_OUTPUT = _in_query("output", "The format.", "srt", enum=[*DOWNLOADS], default=DEFAULT_OUTPUT)
_TAKES_MODEL = _in_query("model", "OPTIONS lists the models.", "tiny", format="model")
_BODY: dict[str, Any] = {
    media_type: {
        "schema": {"type": "string", "format": "binary", "minLength": 1},
        "example": "fLaC\u0000\u0000\u0000\u0022",
    }
    for media_type in ("application/octet-stream", "audio/*", "video/*")
}
TRANSCRIBE = takes(
    _TAKES_MODEL,
    _in_query(
        "language", "English name or code; detected where absent.", "norwegian", format="language"
    ),
    _in_query("task", "What to do.", "transcribe", enum=[Task.TRANSCRIBE, Task.TRANSLATE]),
    _in_query("filename", "The name of the recording; unquoted twice.", "interview.flac"),
    _in_query(
        "email_callback",
        "Who is told of the end; unquoted twice.",
        "anna@radio.example",
        format="email",
    ),
    _in_query(
        "webhook_id",
        "Which webhook is told of the end; unquoted twice.",
        "newsroom",
        format="webhook-id",
    ),
    body=_BODY,
)
DETECT = takes(_TAKES_MODEL, body=_BODY)
