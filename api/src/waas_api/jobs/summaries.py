"""What lists, the waiting line and estimates need of a job: a tenth of what its record takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from waas_contract.job_status import Phase
from waas_contract.transcription_job import (
    Priority,
    Task,
    TranscriptionJob,
)

_NO_LABELS: Mapping[str, str] = {}
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_PLACES: Mapping[Priority, int] = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One job, as far as anybody chooses or counts by it."""

    name: str
    version: int
    """The record's resourceVersion; higher is later, over all jobs of a namespace."""

    phase: Phase
    creation_time: datetime
    start_time: datetime | None
    completion_time: datetime | None
    owner: str | None
    labels: Mapping[str, str]
    file_name: str | None
    model: str
    task: Task
    priority: Priority
    language: str | None
    """Code of the language that was heard, else of the one that was asked for."""

    duration_seconds: float | None
    """Length of the recording, once it is known."""

    processed_seconds: float | None
    progress_time: datetime | None
    """When that was so."""

    @property
    def age_key(self) -> tuple[datetime, str]:
        """Return what jobs are ordered by, the oldest first."""
        return (self.creation_time, self.name)

    @property
    def line_key(self) -> tuple[int, datetime, str]:
        """Return what those who wait are ordered by: high priority first, then the oldest."""
        return (_PLACES[self.priority], *self.age_key)


def summarize(job: TranscriptionJob) -> JobSummary:
    """Return what is kept at hand of a job."""
    spec, status, metadata = job.spec, job.status, job.metadata
    audio = status.audio if status else None
    progress = status.progress if status else None
    return JobSummary(
        name=metadata.name,
        version=parse_version(metadata.resource_version),
        phase=job.phase,
        creation_time=metadata.creation_timestamp or _NEVER,
        start_time=status.start_time if status else None,
        completion_time=status.completion_time if status else None,
        owner=spec.owner,
        labels=metadata.labels or _NO_LABELS,
        file_name=spec.source.file_name,
        model=spec.model,
        task=spec.task,
        priority=spec.priority,
        language=(audio.language if audio else None) or spec.language,
        duration_seconds=audio.duration_seconds if audio else None,
        processed_seconds=progress.processed_seconds if progress else None,
        progress_time=progress.updated_time if progress else None,
    )


def parse_version(resource_version: object) -> int:
    """Return a resourceVersion as the number that it is; 0 where there is none."""
    text = str(resource_version or "")
    return int(text) if text.isascii() and text.isdecimal() else 0
