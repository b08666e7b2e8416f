"""Describes what a route takes and what it answers with when all is well."""

from typing import Any

from waas_api.document.errors import Responses
from waas_api.document.headers import Headers, Parameter
from waas_api.document.nulls import hide_nulls
from waas_api.document.schemas import Schema

_EVENTS = "text/event-stream"
_TEXT: Schema = {"type": "string"}


def answered(
    example: object,
    *,
    status: int = 200,
    description: str = "Done.",
    headers: Headers | None = None,
) -> Responses:
    """Return how an answer in JSON looks; its schema is the route's own."""
    content = {"application/json": {"example": hide_nulls(example)}}
    return _describe(status, description, content, headers)


def answered_as(
    schema: Schema,
    example: object,
    *,
    status: int = 200,
    description: str = "Done.",
    headers: Headers | None = None,
) -> Responses:
    """Return how an answer in JSON looks of which the framework knows nothing."""
    content = {"application/json": {"schema": schema, "example": hide_nulls(example)}}
    return _describe(status, description, content, headers)


def answered_in(
    examples: dict[str, object],
    *,
    status: int = 200,
    description: str = "Done.",
    headers: Headers | None = None,
) -> Responses:
    """Return how an answer in one of several media types looks, by its media type."""
    content: dict[str, Any] = {
        media_type: {"schema": _schema_of(media_type, example), "example": hide_nulls(example)}
        for media_type, example in examples.items()
    }
    return _describe(status, description, content, headers)


def nothing(status: int, description: str, headers: Headers | None = None) -> Responses:
    """Return how an answer looks that is its status and headers alone."""
    return _describe(status, description, None, headers)


def takes(
    *parameters: Parameter, body: dict[str, Any] | None = None, required: bool = True
) -> dict[str, Any]:
    """Return what a route takes that the framework does not read; the body by its media types."""
    described: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body is not None:
        described["requestBody"] = {"required": required, "content": body}
    return described


def _schema_of(media_type: str, example: object) -> Schema:
    # Of a stream, OpenAPI 3.1 has no words for each of the events.
    return _TEXT if isinstance(example, str) and media_type != _EVENTS else {}


def _describe(
    status: int,
    description: str,
    content: dict[str, Any] | None,
    headers: Headers | None,
) -> Responses:
    described: dict[str, Any] = {"description": description}
    if content is not None:
        described["content"] = content
    if headers:
        described["headers"] = headers
    return {status: described}
