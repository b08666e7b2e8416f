"""What the routes of OpenAI's API take and answer."""

from typing import Any

from waas_api.document.bodies import takes
from waas_api.document.schemas import Schema, may_be_empty
from waas_api.openai.request import OF_OTHER_MODELS, WHISPER_1, Granularity, ResponseFormat

MODEL_SCHEMA: Schema = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "model"},
        "created": {"type": "integer"},
        "owned_by": {"type": "string"},
    },
}
MODELS_SCHEMA: Schema = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": MODEL_SCHEMA}},
}

_FIELDS: dict[str, Schema] = {
    "model": {"type": "string", "format": "model", "examples": [WHISPER_1]},
    "prompt": {"type": "string", "description": "Text that sets vocabulary and style."},
    "response_format": {"type": "string", "enum": [*ResponseFormat], "default": "json"},
    "temperature": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
}
_FIELDS_OF_TRANSCRIPTIONS: dict[str, Schema] = {
    "language": {
        "type": "string",
        "format": "language",
        "description": "Code or English name; detected where absent.",
        "examples": ["no"],
    },
    "timestamp_granularities[]": {
        "type": "array",
        "items": {"type": "string", "enum": [*Granularity]},
        "description": "What has times; needs the response_format verbose_json.",
    },
    "stream": {
        "type": "boolean",
        "default": False,
        "description": "Whether server-sent events come; needs the response_format json or text.",
    },
    "chunking_strategy": {"type": "string", "enum": ["auto"]},
}
# What OpenAI documents for models that are not Whisper.
_REFUSED: dict[str, Schema] = {name: {"not": {}} for name in OF_OTHER_MODELS}
_NEEDS: dict[str, Schema] = {
    "timestamp_granularities[]": {
        "required": ["response_format"],
        "properties": {"response_format": {"const": ResponseFormat.VERBOSE_JSON}},
    },
    "stream": {
        "properties": {"response_format": {"enum": [ResponseFormat.JSON, ResponseFormat.TEXT, ""]}}
    },
}
_FILE: Schema = {
    "type": "string",
    "format": "binary",
    "minLength": 1,
    "description": "The recording. Last, so that mistakes are told before it is sent.",
}


def _describe(fields: dict[str, Schema], refused: dict[str, Schema]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {**may_be_empty(fields), **refused, "file": _FILE},
        "dependentSchemas": {name: _NEEDS[name] for name in _NEEDS if name in fields},
    }
    example = {"model": WHISPER_1, "file": "fLaC\u0000\u0000\u0000\u0022"}
    return takes(body={"multipart/form-data": {"schema": schema, "example": example}})


TRANSCRIPTIONS = _describe(_FIELDS | _FIELDS_OF_TRANSCRIPTIONS, _REFUSED)
TRANSLATIONS = _describe(_FIELDS, {})
