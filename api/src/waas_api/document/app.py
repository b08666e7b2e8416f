"""The app with its OpenAPI document, served at /openapi.json."""

import re
import warnings
from typing import Any

from fastapi import FastAPI

from waas_api.access.gate import LINKED_PATHS, is_public
from waas_api.document.errors import OPENAI_ERROR_SCHEMA, PROBLEM_SCHEMA, complete_errors
from waas_api.document.examples import JOB_ID
from waas_api.document.nulls import restore_nulls
from waas_api.document.recordings import SCHEMAS
from waas_api.transcripts.results import RESULTS

_DESCRIPTION = """\
Recordings in, transcripts out. Routes under /v2 are the service's own; errors there are problem
details (RFC 9457), whose `type` programs go by and whose `detail` says what to do. Those below
/v1/audio and /v1/models are OpenAI's, the others below /v1 those of schibsted/WAAS.
"""
_LOGINS: dict[str, dict[str, str]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a Kubernetes token for the audience waas.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_LINK = {
    "type": "apiKey",
    "in": "query",
    "name": "link",
    "description": "A link that somebody shared, which opens its own job for reading.",
}
_TEXT = {"type": "string"}
_IN_PATHS: dict[str, dict[str, Any]] = {
    "job_id": {"description": "The job's id.", "example": JOB_ID},
    "upload_id": {"description": "The upload's id.", "example": JOB_ID},
    "output": {
        "description": "The format.",
        "example": "srt",
        "schema": {"type": "string", "enum": [*RESULTS]},
    },
    "model_id": {"description": "The model's name.", "example": "tiny"},
}
_FRAMEWORKS_REFUSAL = "#/components/schemas/HTTPValidationError"
_FRAMEWORKS_SCHEMAS = ("HTTPValidationError", "ValidationError")


class DocumentedApp(FastAPI):
    """A FastAPI whose document says of each operation what is true of all of its kind."""

    def __init__(self, *, needs_login: bool, **settings: Any) -> None:
        super().__init__(description=_DESCRIPTION, **settings)
        self._needs_login = needs_login

    def openapi(self) -> dict[str, Any]:
        """Return the document, without each HEAD that is a GET without the content."""
        if self.openapi_schema is None:
            with warnings.catch_warnings():
                # A route for GET and HEAD has one operation id for both.
                warnings.filterwarnings("ignore", "Duplicate Operation ID", UserWarning)
                document = super().openapi()
            for path, operations in document["paths"].items():
                if "get" in operations:
                    operations.pop("head", None)
                for method, operation in operations.items():
                    _tell_summary(operation)
                    _tell_path(path, operation)
                    _drop_frameworks_refusal(operation)
                    if not is_public(method.upper(), path):
                        complete_errors(path, operation)
                        if self._needs_login:
                            operation["security"] = _find_logins(method, path)
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            for name in _FRAMEWORKS_SCHEMAS:
                schemas.pop(name, None)
            schemas |= {"Problem": PROBLEM_SCHEMA, "OpenAIError": OPENAI_ERROR_SCHEMA, **SCHEMAS}
            if self._needs_login:
                components["securitySchemes"] = {**_LOGINS, "link": _LINK}
            self.openapi_schema = restore_nulls(document)
        return super().openapi()


def _tell_summary(operation: dict[str, Any]) -> None:
    """Make the first sentence of a route's docstring its summary."""
    first, _, rest = operation["description"].partition("\n\n")
    operation["summary"] = first.removesuffix(".")
    operation["description"] = rest or first


def _tell_path(path: str, operation: dict[str, Any]) -> None:
    """Say what stands in a path, also where the route itself makes no use of it."""
    others = [each for each in operation.get("parameters", []) if each["in"] != "path"]
    named = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT, **_IN_PATHS[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]
    if named or others:
        operation["parameters"] = named + others


def _drop_frameworks_refusal(operation: dict[str, Any]) -> None:
    """Leave out how the framework itself would refuse parameters: answers.py does it otherwise."""
    content = operation["responses"].get("422", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref") == _FRAMEWORKS_REFUSAL:
        del operation["responses"]["422"]


def _find_logins(method: str, path: str) -> list[dict[str, list[str]]]:
    logins: list[dict[str, list[str]]] = [{name: []} for name in _LOGINS]
    if method == "get" and LINKED_PATHS.fullmatch(path):
        logins.append({"link": []})
    return logins
