"""How long what has ended is kept: the record, the audio and the results go together. Pure.

They stay until everybody has been told of the end, or that was given up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from waas_contract.job_status import (
    Condition,
    ConditionReason,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import (
    Task,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from waas_operator.notification_policy import find_next_attempt

LONGEST_REST_SECONDS = 86_400.0
"""Seconds between two looks at what is kept: a clock that is set, or a machine that slept, shifts
the moment by no more than that."""


class Upkeep(Enum):
    """What to do about a TranscriptionJob that has ended."""

    KEEP = auto()
    ARCHIVE = auto()
    """Store the record, and say so in the status; nothing goes before."""

    NOTE_EXPIRY = auto()
    """Write the moment into the status, which says another one or none; nothing goes before."""

    TELL = auto()
    """Have somebody told of the end."""

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


def needs_record(spec: TranscriptionJobSpec) -> bool:
    """Tell whether a job leaves a record: not where all it ends with is an answer."""
    return spec.task is not Task.DETECT


def is_archived(status: TranscriptionJobStatus) -> bool:
    """Tell whether the record of the end is in the object store."""
    known = status.condition(ConditionType.ARCHIVED)
    return known is not None and known.status == "True"


def note_archived(status: TranscriptionJobStatus, now: datetime) -> TranscriptionJobStatus:
    """Return the status that says so; it is what the record itself holds."""
    archived = Condition(
        type=ConditionType.ARCHIVED,
        status="True",
        reason=ConditionReason.RECORD_STORED,
        last_transition_time=now,
        observed_generation=status.observed_generation,
    )
    others = tuple(each for each in status.conditions if each.type != ConditionType.ARCHIVED)
    return status.model_copy(update={"conditions": (*others, archived)})


def decide_retention(
    transcription_job: TranscriptionJob, *, default_ttl_seconds: int | None, now: datetime
) -> Retention:
    """Return the next step for a TranscriptionJob that has ended."""
    status = transcription_job.status or TranscriptionJobStatus()
    if needs_record(transcription_job.spec) and not is_archived(status):
        return Retention(Upkeep.ARCHIVE, status.expiry_time, 0.0)
    expiry_time = find_expiry_time(
        transcription_job.spec, status, default_ttl_seconds=default_ttl_seconds
    )
    attempt_time = find_next_attempt(status)
    has_expired = expiry_time is not None and expiry_time <= now
    upkeep = Upkeep.KEEP
    if status.expiry_time != expiry_time:
        upkeep = Upkeep.NOTE_EXPIRY
        if has_expired and attempt_time is None:
            # Everybody can see it before it goes.
            return Retention(upkeep, expiry_time, 0.0)
    elif has_expired and attempt_time is None:
        return Retention(Upkeep.REMOVE, expiry_time)
    elif attempt_time is not None and attempt_time <= now:
        upkeep = Upkeep.TELL
    # One that has expired waits for the attempt alone.
    moment = attempt_time if expiry_time is None or expiry_time <= now else expiry_time
    if moment is None:
        return Retention(upkeep)
    seconds = (min(moment, attempt_time or moment) - now).total_seconds()
    return Retention(upkeep, expiry_time, min(max(0.0, seconds), LONGEST_REST_SECONDS))
