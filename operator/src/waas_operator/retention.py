"""How long what has ended is kept: the record, the audio and the results go together. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from waas_contract.transcription_job import (
    Phase,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
)

LONGEST_REST_SECONDS = 86_400.0
"""Seconds between two looks at what is kept: a clock that is set, or a machine that slept, shifts
the moment by no more than that."""


class Upkeep(Enum):
    """What to do about a TranscriptionJob that has ended."""

    KEEP = auto()
    NOTE_EXPIRY = auto()
    """Write the moment into the status, which says another one or none."""

    REMOVE = auto()
    """Delete the objects, then the resource."""


@dataclass(frozen=True)
class Retention:
    """One step, and when the next look is due."""

    upkeep: Upkeep
    expiry_time: datetime | None = None
    next_look_seconds: float | None = None
    """None where it is kept for ever."""


def find_expiry_time(
    spec: TranscriptionJobSpec,
    status: TranscriptionJobStatus,
    *,
    default_ttl_seconds: int | None,
) -> datetime | None:
    """Return when a job is to be deleted; None while it has not ended, and for ever."""
    if status.completion_time is None or not status.phase.is_final:
        return None
    seconds = spec.ttl_seconds_after_finished
    if status.phase is not Phase.SUCCEEDED and spec.ttl_seconds_after_failure is not None:
        seconds = spec.ttl_seconds_after_failure
    if seconds is None:
        seconds = default_ttl_seconds
    return None if seconds is None else status.completion_time + timedelta(seconds=seconds)


def decide_retention(
    transcription_job: TranscriptionJob, *, default_ttl_seconds: int | None, now: datetime
) -> Retention:
    """Return the next step for a TranscriptionJob that has ended."""
    status = transcription_job.status or TranscriptionJobStatus()
    expiry_time = find_expiry_time(
        transcription_job.spec, status, default_ttl_seconds=default_ttl_seconds
    )
    if expiry_time is not None and expiry_time <= now:
        return Retention(Upkeep.REMOVE, expiry_time)
    upkeep = Upkeep.KEEP if status.expiry_time == expiry_time else Upkeep.NOTE_EXPIRY
    if expiry_time is None:
        return Retention(upkeep)
    seconds = (expiry_time - now).total_seconds()
    return Retention(upkeep, expiry_time, min(seconds, LONGEST_REST_SECONDS))
