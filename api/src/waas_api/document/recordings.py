"""The ways in which POST /v2/jobs takes a recording, and its parameters."""

from typing import Any

from pydantic.alias_generators import to_camel

from waas_api.document.headers import TAKES_EXPECT, TAKES_KEY
from waas_api.document.schemas import Schema, admit_no_other_fields, may_be_empty, schema_of
from waas_api.intake.tus import PIECE_TYPE
from waas_api.jobs.labels import MOST_LABELS
from waas_api.native.parameters import PARAMETERS
from waas_api.native.request import NOT_THE_CLIENTS
from waas_contract.formats import OutputFormat
from waas_contract.transcription_job import TranscriptionRequest

_LABEL_NAME = r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)"
_MODEL: Schema = {
    "type": "string",
    "format": "model",
    "description": "One of those that GET /v2/models lists.",
    "examples": ["large-v3"],
}
_LANGUAGE: Schema = {
    "type": "string",
    "format": "language",
    "description": "English name or code of the spoken language; detected where absent.",
    "examples": ["norwegian", "no"],
}
_FILE_NAME: Schema = {
    "type": "string",
    "maxLength": 255,
    "description": "The name that the person who sends it knows it by.",
    "examples": ["interview.flac"],
}
_SOURCE: Schema = {
    "description": "Where the recording is to be had from.",
    "oneOf": [
        {
            "type": "object",
            "required": ["url"],
            "properties": {"url": {"type": "string", "minLength": 1, "maxLength": 2048}},
        },
        {
            "type": "object",
            "required": ["key"],
            "properties": {
                "key": {"type": "string", "minLength": 1, "maxLength": 1024},
                "bucket": {"type": "string", "minLength": 3, "maxLength": 63},
            },
        },
    ],
}
_RECORDING: Schema = {
    "type": "string",
    "format": "binary",
    "minLength": 1,
    "description": "Sound or video of any kind that FFmpeg reads.",
}


def _describe_request() -> Schema:
    """Return the JSON form of a request."""
    schema = schema_of(TranscriptionRequest, without=tuple(map(to_camel, NOT_THE_CLIENTS)))
    schema["properties"] |= {
        "model": _MODEL,
        "language": _LANGUAGE,
        "fileName": _FILE_NAME,
        "labels": {
            "type": "object",
            "maxProperties": MOST_LABELS,
            "propertyNames": {"pattern": f"^{_LABEL_NAME}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_LABEL_NAME}?$"},
            "description": "Labels of the TranscriptionJob.",
            "examples": [{"desk": "news"}],
        },
    }
    schema["title"] = "JobRequest"
    schema["description"] = "What is asked for."
    whole: Schema = admit_no_other_fields(schema)
    return whole


_REQUEST = _describe_request()
_REQUEST_OF_SOURCE: Schema = {
    **_REQUEST,
    "title": "JobRequestWithSource",
    "required": ["source"],
    "properties": {**_REQUEST["properties"], "source": admit_no_other_fields(_SOURCE)},
}


def _short_schema(name: str, path: tuple[str, ...]) -> Schema:
    """Return the schema of a short name: that of its field, on its own."""
    if name == "formats":
        known = "|".join(OutputFormat)
        return {
            "type": "string",
            "pattern": f"^({known})(,({known})){{0,7}}$",
            "description": "Formats that are stored beside JSON, with commas between them.",
            "examples": ["srt,vtt"],
        }
    found: Schema = _REQUEST
    for part in path:
        options = found.get("anyOf", [found])
        found = next(each for each in options if "properties" in each)["properties"][part]
    kinds = [each for each in found.get("anyOf", []) if each.get("type") != "null"]
    if not kinds:
        return found
    beside = {key: each for key, each in found.items() if key not in ("anyOf", "default")}
    return {**beside, **kinds[0]}


_SHORT: dict[str, Schema] = {
    name: _short_schema(name, path) for name, path in PARAMETERS.items()
} | {
    "label": {
        "type": "array",
        "items": {"type": "string", "pattern": f"^{_LABEL_NAME}={_LABEL_NAME}?$"},
        "maxItems": MOST_LABELS,
        "description": "Labels as key=value, as often as there are labels.",
        "examples": [["desk=news"]],
    },
    "request": {
        "type": "string",
        "format": "json",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/JobRequest"},
        "description": "The JSON form of everything that has no short name.",
        "examples": ['{"voiceActivity": {"threshold": 0.6}}'],
    },
}
_EXAMPLES: dict[str, Any] = {
    "address": {
        "summary": "An address on the web, which the service fetches",
        "value": {
            "source": {"url": "https://radio.example/interview.mp3"},
            "language": "no",
            "labels": {"desk": "news"},
        },
    },
    "object": {
        "summary": "An object that is in storage already",
        "value": {
            "source": {"key": "newsroom/uploads/interview.mp3"},
            "fileName": "interview.mp3",
        },
    },
}

SCHEMAS: dict[str, Schema] = {"JobRequest": _REQUEST}

_SHORT_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema.get("description", f"`{name}` of the request."),
        "schema": schema,
    }
    for name, schema in _SHORT.items()
]

PIECE: dict[str, Any] = {
    PIECE_TYPE: {
        "schema": {"type": "string", "format": "binary"},
        "example": "fLaC\u0000\u0000\u0000\u0022",
    }
}

CREATE_JOB: dict[str, Any] = {
    "parameters": [*_SHORT_PARAMETERS, TAKES_KEY, TAKES_EXPECT],
    "requestBody": {
        "required": True,
        "description": "The recording itself, a form that has it as its last part, or where it is.",
        "content": {
            "application/octet-stream": {
                "schema": _RECORDING,
                "example": "RIFF\u0000\u0000\u0000\u0000WAVE",
            },
            "audio/*": {"schema": _RECORDING, "example": "fLaC\u0000\u0000\u0000\u0022"},
            "video/*": {"schema": _RECORDING, "example": "\u0000\u0000\u0000\u0018ftypmp42"},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {**may_be_empty(_SHORT), "file": _RECORDING},
                },
                "example": {"language": "no", "file": "fLaC\u0000\u0000\u0000\u0022"},
            },
            "application/json": {"schema": _REQUEST_OF_SOURCE, "examples": _EXAMPLES},
        },
    },
}
