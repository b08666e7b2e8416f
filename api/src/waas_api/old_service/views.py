"""Shows a TranscriptionJob as the old service showed its jobs in GET /v1/jobs/<id>.

Whoever holds an id sees how far the job is, but no address, path, traceback or transcript: those
keys are there, and empty.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from waas_api.http.download_names import DEFAULT_NAME
from waas_contract.job_status import ConditionType, Phase
from waas_contract.languages import LANGUAGE_NAMES
from waas_contract.transcription_job import TranscriptionJob

_STATUSES: dict[Phase, str] = {
    Phase.PENDING: "queued",
    Phase.QUEUED: "queued",
    Phase.SUSPENDED: "deferred",
    Phase.RUNNING: "started",
    Phase.SUCCEEDED: "finished",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "canceled",
}


def render_json(content: object) -> str:
    """Return JSON as Flask wrote it: keys sorted, ASCII, one line with its end."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")) + "\n"


def is_waiting(job: TranscriptionJob) -> bool:
    """Tell whether a job has a place in the queue."""
    return job.phase.is_waiting


def file_name_of(job: TranscriptionJob) -> str:
    """Return the name that the person who sent the recording knows it by."""
    return job.spec.source.file_name or DEFAULT_NAME


def _render_time(time: datetime | None) -> str | None:
    # RFC 822 as HTTP has it, which needs the aware datetime that the contract guarantees.
    return None if time is None else format_datetime(time, usegmt=True)


def _seconds_between(start: datetime | None, end: datetime) -> float:
    # The API server's clock may be a little ahead of ours.
    return 0.0 if start is None else max(0.0, (end - start).total_seconds())


def render_job(
    job: TranscriptionJob, waiting_names: Sequence[str], now: datetime
) -> dict[str, object]:
    """Return the answer to GET /v1/jobs/<id>, our own keys beside the old ones."""
    spec, status = job.spec, job.status
    name = job.metadata.name
    succeeded = status.condition(ConditionType.SUCCEEDED) if status else None
    completion_time = status.completion_time if status else None
    progress = status.progress if status else None
    audio = status.audio if status else None
    created = job.metadata.creation_timestamp
    place = None
    if is_waiting(job) and name in waiting_names:
        place = waiting_names.index(name)
    explanation = None
    if job.phase is Phase.FAILED and succeeded is not None:
        explanation = f"{succeeded.reason}: {succeeded.message}"
    language = spec.language and LANGUAGE_NAMES.get(spec.language, spec.language)
    return {
        "args": [None, spec.model, spec.task, language, None, None],
        "ended_at": _render_time(completion_time),
        "enqueued_at": _render_time(created),
        "exc_info": explanation,
        "func_name": "transcriber.transcribe",
        "last_heartbeat": _render_time(progress.updated_time if progress else None),
        "meta": {"email": None, "uploaded_filename": file_name_of(job), "webhook_id": None},
        "origin": "default",
        "position_in_queue": place,
        "queue_size": len(waiting_names),
        "result": None,
        "seconds_used": _seconds_between(created, completion_time or now),
        "started_at": _render_time(status.start_time if status else None),
        "status": _STATUSES[job.phase],
        "worker_name": status.job_name if status else None,
        "phase": job.phase,
        "reason": succeeded.reason if succeeded else None,
        "message": succeeded.message if succeeded else None,
        "progress": progress.percent if progress else None,
        "model": spec.model,
        "language": (audio.language if audio else None) or spec.language,
    }
