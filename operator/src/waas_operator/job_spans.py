"""Derives the spans of a job that has ended from its status: its wait and its run. Pure."""

from dataclasses import dataclass
from datetime import datetime

from waas_contract.job_status import ConditionType, TranscriptionJobStatus
from waas_contract.names import TRACEPARENT_ANNOTATION
from waas_contract.trace_context import read_traceparent
from waas_contract.transcription_job import TranscriptionJob


@dataclass(frozen=True)
class JobSpan:
    """A stretch of a job's life."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class JobTrace:
    """The spans of one job; the others are parts of the whole."""

    traceparent: str | None
    """The span that asked for the job; None where nobody said."""

    whole: JobSpan
    parts: tuple[JobSpan, ...]
    attributes: dict[str, str | int | float]
    failure: str | None
    """Why it has no transcript; None where it has one."""


def derive_trace(transcription_job: TranscriptionJob, status: TranscriptionJobStatus) -> JobTrace:
    """Return the trace of a job that ends with this status."""
    metadata, spec = transcription_job.metadata, transcription_job.spec
    end = status.completion_time
    if end is None:
        raise ValueError(f"{metadata.name} has not ended")
    created = metadata.creation_timestamp or end
    started = status.start_time
    parts = [JobSpan("queue", min(status.queued_time or created, started or end), started or end)]
    if started:
        parts.append(JobSpan("run", started, max(started, end)))
    succeeded = status.condition(ConditionType.SUCCEEDED)
    attributes: dict[str, str | int | float] = {
        "k8s.namespace.name": metadata.namespace,
        "waas.transcription_job.name": metadata.name,
        "waas.model": spec.model,
        "waas.task": str(spec.task),
        "waas.phase": str(status.phase),
        "waas.attempts": status.attempts,
    }
    if status.audio:
        attributes["waas.audio.seconds"] = status.audio.duration_seconds
    is_success = succeeded is not None and succeeded.status == "True"
    return JobTrace(
        traceparent=read_traceparent(metadata.annotations.get(TRACEPARENT_ANNOTATION)),
        whole=JobSpan("transcription", created, max(created, end)),
        parts=tuple(parts),
        attributes=attributes,
        failure=None if is_success or succeeded is None else str(succeeded.reason),
    )
