"""What may change in a job's spec once it is there, and when."""

from pydantic import ConfigDict, Field

from waas_api.errors import JobEnded
from waas_contract.transcription_job import (
    LONGEST_TTL_SECONDS,
    LocalQueueName,
    Priority,
    TranscriptionJob,
)
from waas_contract.wire import WireModel


class JobPatch(WireModel):
    """What a client may change: a JSON merge patch (RFC 7396), what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    suspend: bool = False
    """Whether it is to wait; what runs is stopped, and taken up again later."""

    priority: Priority = Priority.NORMAL
    queue_name: LocalQueueName | None = None
    """Kueue's queue for the next Job that is made; null for the administrator's choice."""

    ttl_seconds_after_finished: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    """Seconds after its end in which everything is kept; null for as long as nobody deletes it."""

    ttl_seconds_after_failure: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)


class SpecChanges(JobPatch):
    """What the service changes."""

    cancelled: bool = False

    def to_patch(self) -> dict[str, object]:
        """Return what was given, nulls among it."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def missing_changes(job: TranscriptionJob, changes: SpecChanges) -> SpecChanges | None:
    """Return what of the changes is not so already; None where nothing is left.

    Raises:
        JobEnded: a job that has ended can neither wait nor go first or elsewhere.
    """
    left = {
        name: value
        for name in changes.model_fields_set
        if getattr(job.spec, name) != (value := getattr(changes, name))
    }
    if job.phase.is_final and left.keys() & {"suspend", "priority", "queue_name"}:
        raise JobEnded(f"The job is {job.phase}. Retry it to have it done again.")
    if job.spec.cancelled and left.get("suspend"):
        raise JobEnded("Somebody has cancelled the job. Retry it once it has ended.")
    return SpecChanges(**left) if left else None
