"""How the errors of /v2 are described in its OpenAPI document."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from waas_api.problems import MEDIA_TYPE


class ProblemDetails(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    type: str = Field(examples=["tag:waas.dev,2026:job-not-found"])
    title: str = Field(examples=["No such job"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no job of that id."])


_SCHEMA = ProblemDetails.model_json_schema()


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of the errors that a route can answer with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
        }
        for status in statuses
    }
