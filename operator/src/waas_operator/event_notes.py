"""Says which Kubernetes Events a change of status is worth. Pure.

At most one of each kind is made for a TranscriptionJob, under a name that follows from both: what
happens again is counted in it, and an operator that takes over repeats nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    TranscriptionJob,
)

CONTROLLER = "waas.dev/operator"
_LONGEST_NOTE = 1024


class EventReason(StrEnum):
    """What is told, in the order in which it happens."""

    ACCEPTED = "Accepted"
    STARTED = "Started"
    RETRYING = "Retrying"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_ENDS = {
    Phase.SUCCEEDED: EventReason.SUCCEEDED,
    Phase.FAILED: EventReason.FAILED,
    Phase.CANCELLED: EventReason.CANCELLED,
}


@dataclass(frozen=True)
class EventNote:
    """One thing to tell about a TranscriptionJob."""

    reason: EventReason
    text: str
    is_warning: bool = False
    count: int = 1
    """How often it happened so far."""


def note_events(job: TranscriptionJob, status: TranscriptionJobStatus) -> list[EventNote]:
    """Return what to tell about a status that was written over `job`'s."""
    before = job.status or TranscriptionJobStatus()
    notes = []
    if status.job_name and not before.job_name:
        notes.append(EventNote(EventReason.ACCEPTED, f"Made the Job {status.job_name}."))
    if status.start_time and not before.start_time:
        notes.append(EventNote(EventReason.STARTED, "A container runs."))
    if status.failed_pods > before.failed_pods and not status.phase.is_final:
        failure = status.last_failure
        text = f"{failure.reason}: {failure.message}" if failure else "A pod was lost."
        notes.append(EventNote(EventReason.RETRYING, text, True, status.failed_pods))
    if status.phase.is_final and not before.phase.is_final:
        notes.append(_note_end(status))
    return notes


def _note_end(status: TranscriptionJobStatus) -> EventNote:
    succeeded = status.condition(ConditionType.SUCCEEDED)
    text = succeeded.message if succeeded else ""
    if status.phase is Phase.FAILED and succeeded:
        text = f"{succeeded.reason}: {text}"
    return EventNote(_ENDS[status.phase], text, is_warning=status.phase is Phase.FAILED)


def build_event(
    job: TranscriptionJob, note: EventNote, instance: str, now: datetime
) -> dict[str, Any]:
    """Return the Event of an `instance` of the operator that tells a note for the first time."""
    metadata = job.metadata
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata.name}.{metadata.uid[:8]}.{note.reason.lower()}",
            "namespace": metadata.namespace,
        },
        "eventTime": _micro_time(now),
        "reportingController": CONTROLLER,
        "reportingInstance": instance[:128],
        "action": "Reconcile",
        "reason": note.reason.value,
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": metadata.namespace,
            "name": metadata.name,
            "uid": metadata.uid,
        },
        "note": note.text[:_LONGEST_NOTE],
        "type": "Warning" if note.is_warning else "Normal",
    }


def build_series(note: EventNote, now: datetime) -> dict[str, Any]:
    """Return the change of an Event that was told before.

    Neither its note nor its time may change; they stay those of the first.
    """
    # A series is one of several.
    return {"series": {"count": max(2, note.count), "lastObservedTime": _micro_time(now)}}


def _micro_time(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
