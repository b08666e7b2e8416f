"""Shows a TranscriptionJob as /v2 shows its jobs: what people and programs want to know of it.

Where things lie, who is told and what runs them stays inside.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import Field

from waas_api.http.download_names import sanitize_name
from waas_api.jobs.estimates import Estimate
from waas_api.jobs.labels import clients_labels
from waas_contract.formats import OutputFormat
from waas_contract.job_status import ConditionType, Phase
from waas_contract.models import is_english_only
from waas_contract.transcription_job import (
    Priority,
    Task,
    TranscriptionJob,
)
from waas_contract.wire import Time, WireModel


class Service(WireModel):
    """Says that this is the service, so that a client sends its recordings to nothing else."""

    service: str = "waas"
    version: str
    logins: tuple[str, ...]
    """How callers log in, as `WAAS_AUTHENTICATION` has it."""


class Model(WireModel):
    """A model that may be asked for."""

    name: str
    is_english_only: bool
    """Whether it can neither translate nor hear any other language."""


class Models(WireModel):
    """The models that may be asked for."""

    models: tuple[Model, ...]
    default: str
    """The model of a request that names none."""


class AudioView(WireModel):
    """What was learnt about the recording."""

    duration_seconds: float
    language: str | None
    """Code of the language that was given or heard."""


class JobView(WireModel):
    """One job."""

    id: str
    file_name: str | None
    phase: Phase
    reason: str | None
    """Why it ended as it did, or what it waits for, in one word."""

    message: str | None
    """The same in a sentence."""

    progress: int | None = Field(ge=0, le=100)
    """Percent of the audio that is done."""

    processed_seconds: float | None
    """Seconds of the audio that are done."""

    audio: AudioView | None
    position_in_queue: int | None
    """How many wait before it; None unless it waits itself."""

    estimate: Estimate | None
    """When it will be done; None where nobody can tell, and once it has ended."""

    model: str
    task: Task
    language: str | None
    """The language that was asked for; None to have it detected."""

    formats: tuple[OutputFormat, ...]
    """What is stored; every other format is rendered when it is asked for."""

    word_timestamps: bool
    speakers_by_channel: bool
    cancelled: bool
    """Whether somebody asked for its end; its phase says whether that has come."""

    suspended: bool
    """Whether somebody asked for it to wait; its phase says whether it does."""

    priority: Priority
    queue_name: str | None
    """Kueue's queue that the job asked for; None for the administrator's choice."""

    owner: str | None
    """Who asked for it; None where nobody logs in."""

    labels: Mapping[str, str]
    retry_of: str | None
    """Id of the job that it repeats."""

    ttl_seconds_after_finished: int | None
    ttl_seconds_after_failure: int | None
    attempts: int
    creation_time: Time | None
    start_time: Time | None
    completion_time: Time | None
    expiry_time: Time | None
    """When the record, the audio and the results are deleted."""


class JobList(WireModel):
    """Some of the jobs, in the order that was asked for."""

    jobs: tuple[JobView, ...]
    cursor: str | None
    """What the next page is asked for with; None on the last."""

    total: int
    """How many jobs the filters admit, on all pages."""


def show_job(
    job: TranscriptionJob, waiting_names: Sequence[str] = (), estimate: Estimate | None = None
) -> JobView:
    """Return what a client is shown of a job."""
    spec, status = job.spec, job.status
    name = job.metadata.name
    reason, message = _explain(job)
    progress = status.progress if status else None
    audio = status.audio if status else None
    is_in_line = job.phase.is_waiting and name in waiting_names
    return JobView(
        id=name,
        file_name=spec.source.file_name,
        phase=job.phase,
        reason=reason,
        message=message,
        progress=progress.percent if progress else None,
        processed_seconds=progress.processed_seconds if progress else None,
        audio=AudioView(duration_seconds=audio.duration_seconds, language=audio.language)
        if audio
        else None,
        position_in_queue=waiting_names.index(name) if is_in_line else None,
        estimate=estimate,
        model=spec.model,
        task=spec.task,
        language=spec.language,
        formats=spec.stored_formats(),
        word_timestamps=spec.word_timestamps,
        speakers_by_channel=spec.speakers_by_channel,
        cancelled=spec.cancelled,
        suspended=spec.suspend,
        priority=spec.priority,
        queue_name=spec.queue_name,
        owner=spec.owner,
        labels=clients_labels(job.metadata.labels),
        retry_of=spec.retry_of,
        ttl_seconds_after_finished=spec.ttl_seconds_after_finished,
        ttl_seconds_after_failure=spec.ttl_seconds_after_failure,
        attempts=status.attempts if status else 0,
        creation_time=job.metadata.creation_timestamp,
        start_time=status.start_time if status else None,
        completion_time=status.completion_time if status else None,
        expiry_time=status.expiry_time if status else None,
    )


def _explain(job: TranscriptionJob) -> tuple[str | None, str | None]:
    """Return reason and message: of the end if it has come, else of the start, which it waits for.

    Once it runs, nothing is to be explained.
    """
    if job.status is None:
        return None, None
    decisive = ConditionType.SUCCEEDED if job.phase.is_final else ConditionType.STARTED
    condition = job.status.condition(decisive)
    if condition is None or job.phase is Phase.RUNNING:
        return None, None
    return condition.reason, condition.message or None


def show_models(names: Sequence[str], default: str) -> Models:
    """Return what a client is shown of the administrator's models."""
    models = tuple(Model(name=name, is_english_only=is_english_only(name)) for name in names)
    return Models(models=models, default=default)


def content_disposition(file_name: str, kind: str = "attachment") -> str:
    """Return the header by which any browser saves a file of any name (RFC 6266)."""
    stem, _, extension = file_name.rpartition(".")
    plain = sanitize_name(stem) or "transcript"
    return f"{kind}; filename=\"{plain}.{extension}\"; filename*=UTF-8''{quote(file_name, safe='')}"
