"""Pydantic bases shared by everything that crosses a program's edge as JSON."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Time = Annotated[
    AwareDatetime, PlainSerializer(_format_time, return_type=str, when_used="json-unless-none")
]
"""A moment as Kubernetes writes it (RFC 3339, UTC, whole seconds)."""


class WireModel(BaseModel):
    """Reads and writes camelCase JSON; immutable, and deaf to fields that a newer peer added."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        # JSON has none of them, and nothing that is measured here is infinite.
        allow_inf_nan=False,
        # `kubectl explain` shows the docstrings of the TranscriptionJob's fields.
        use_attribute_docstrings=True,
        # A model's name is a Whisper word here ("model"), not Pydantic's.
        protected_namespaces=(),
    )

    def to_wire(self) -> dict[str, object]:
        """Return the JSON object with absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
