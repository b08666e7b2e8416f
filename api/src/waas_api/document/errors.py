"""Describes the errors of a route by the same tables that they are answered by."""

import inspect
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from waas_api.document.headers import ALLOW, RETRY_AFTER, WWW_AUTHENTICATE
from waas_api.document.nulls import hide_nulls
from waas_api.errors import (
    ApiError,
    AuthenticationUnavailable,
    ClusterError,
    Forbidden,
    LimitReached,
    Unauthenticated,
)
from waas_api.http.answers import answer_of, is_native, is_openai
from waas_api.http.problems import MEDIA_TYPE, problem_of, unexpected_problem
from waas_api.openai.errors import openai_error_of, openai_error_of_status

Responses = dict[int | str, dict[str, Any]]

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "What programs go by."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "description": "The fields that do not fit.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
OPENAI_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, as OpenAI's API tells it.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
                "job": {"type": "string", "description": "Where the job is to be found."},
            },
        }
    },
}
_OF_EVERY_ROUTE: tuple[type[ApiError], ...] = (
    Unauthenticated,
    Forbidden,
    LimitReached,
    AuthenticationUnavailable,
    ClusterError,
)
"""What the gate says before a route is called, and what any route may come upon."""


def problems(*errors: type[ApiError]) -> Responses:
    """Return how /v2 tells of these errors."""

    def describe(error: type[ApiError]) -> Responses:
        problem = problem_of(error)
        example = {"summary": problem.title, "value": problem.render(_cause_of(error))}
        return _describe(problem.status, MEDIA_TYPE, _ref("Problem"), {problem.name: example})

    return _merge(map(describe, errors))


def openai_errors(*errors: type[ApiError]) -> Responses:
    """Return how the routes of OpenAI's API tell of these errors."""

    def describe(error: type[ApiError]) -> Responses:
        told = openai_error_of(error, _cause_of(error))
        example = {"value": told.render()}
        name = told.code or error.__name__
        return _describe(told.status, "application/json", _ref("OpenAIError"), {name: example})

    return _merge(map(describe, errors))


def texts(*errors: type[ApiError]) -> Responses:
    """Return how the old service's routes tell of these errors."""

    def describe(error: type[ApiError]) -> Responses:
        answer = answer_of(error)
        text = answer.text or _cause_of(error)
        is_json = answer.media_type == "application/json"
        example = {"value": json.loads(text) if is_json else text}
        schema = {"type": "object" if is_json else "string"}
        return _describe(answer.status, answer.media_type, schema, {error.__name__: example})

    return _merge(map(describe, errors))


def complete_errors(path: str, operation: dict[str, Any]) -> None:
    """Add to an operation the errors that every route of its kind has."""
    common = _family_of(path)(*_OF_EVERY_ROUTE)
    common = _merge([common, _unexpected(path)])
    responses = operation["responses"]
    told: Responses = {int(status): each for status, each in responses.items()}
    for status, each in _merge([told, common]).items():
        responses[str(status)] = each
    operation["responses"] = dict(sorted(responses.items()))


def _family_of(path: str) -> Callable[..., Responses]:
    if is_native(path):
        return problems
    return openai_errors if is_openai(path) else texts


def _unexpected(path: str) -> Responses:
    if is_native(path):
        problem = unexpected_problem()
        examples = {problem.name: {"value": problem.render("")}}
        return _describe(500, MEDIA_TYPE, _ref("Problem"), examples)
    if is_openai(path):
        examples = {"internal_error": {"value": openai_error_of_status(500).render()}}
        return _describe(500, "application/json", _ref("OpenAIError"), examples)
    return _describe(500, "text/html", {"type": "string"}, {"Error": {"value": "Server error"}})


def _cause_of(error: type[ApiError]) -> str:
    return inspect.getdoc(error) or error.__name__


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _describe(
    status: int, media_type: str, schema: dict[str, Any], examples: dict[str, Any]
) -> Responses:
    # The service's own 499, that nobody reads, has no name in HTTP.
    phrase = HTTPStatus(status).phrase
    headers = {401: WWW_AUTHENTICATE, 405: ALLOW, 429: RETRY_AFTER, 503: RETRY_AFTER}
    return {
        status: {
            "description": phrase,
            "content": {media_type: {"schema": schema, "examples": hide_nulls(examples)}},
            **({"headers": headers[status]} if status in headers else {}),
        }
    }


def _merge(described: Iterator[Responses] | list[Responses]) -> Responses:
    """Return all responses, those of one status as one with the examples of all."""
    merged: Responses = {}
    for responses in described:
        for status, response in responses.items():
            if status not in merged:
                merged[status] = response
                continue
            content = {**merged[status].get("content", {})}
            for media_type, each in response.get("content", {}).items():
                there = content.get(media_type, each)
                examples = {**there.get("examples", {}), **each.get("examples", {})}
                content[media_type] = {**there, "examples": examples}
            headers = {**merged[status].get("headers", {}), **response.get("headers", {})}
            merged[status] = {
                **merged[status],
                "content": content,
                **({"headers": headers} if headers else {}),
            }
    return merged
