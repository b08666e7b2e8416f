"""Reads a JSON body into a model, as strictly as JSON allows: a text is no number, nor is true."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from waas_api.errors import Fault, InvalidRequest

_Body = TypeVar("_Body", bound=BaseModel)

_MOST_FAULTS = 20


def parse_short_body(model: type[_Body], content: bytes) -> _Body:
    """Return the model; to JSON, 60.0 is as whole a number as 60."""
    try:
        whole = json.dumps(json.loads(content, parse_float=_read_number)).encode()
    except (ValueError, RecursionError):
        whole = content
    return parse_body(model, whole)


def _read_number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def parse_body(model: type[_Body], content: bytes) -> _Body:
    """Return the model, or raise InvalidRequest with what does not fit."""
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[:_MOST_FAULTS]
        faults = [
            Fault(
                ".".join(map(str, each["loc"])) or "body",
                each["msg"].removeprefix("Input should be "),
            )
            for each in found
        ]
        text = "; ".join(f"{each.field}: {each.detail}" for each in faults)
        raise InvalidRequest(f"{text}.", faults=faults) from None
