"""What a job makes of a recording so that a page can play and draw it at once.

It hangs on the recording alone, so every attempt would make the same and may write over another's.
"""

from typing import Annotated

from pydantic import Field

from waas_contract.wire import WireModel

MEDIA_TYPE = "audio/webm"
"""Opus in WebM, which all browsers of today play."""

MOST_PEAKS = 4000
"""As many as a wide screen has pixels."""

LOUDEST = 100
"""The peak of what is as loud as a recording can be."""


class Peaks(WireModel):
    """How loud a recording is over its length."""

    duration_seconds: float = Field(ge=0)
    peaks: Annotated[
        tuple[Annotated[int, Field(ge=0, le=LOUDEST)], ...], Field(max_length=MOST_PEAKS)
    ]
    """The loudest moment in each of so many equal parts of it, 0 to 100."""
