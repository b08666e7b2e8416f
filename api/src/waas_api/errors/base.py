"""What all errors are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a request."""

    field: str
    """As the client wrote it, nested ones with dots: `decoding.beamSize`."""

    detail: str
    """What would fit."""


class ApiError(Exception):
    """Anything that the api expects to go wrong; its text is a sentence for the client."""
