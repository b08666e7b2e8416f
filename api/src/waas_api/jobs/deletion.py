"""Removes a job and all that it left: a mark first, then the objects, then the record.

The steps are those of `waas_contract.removal`. A crash in between leaves a record that is marked,
which anybody can delete again after a while; objects without their record nobody would find.
"""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import anyio

from waas_api.errors import ApiError, JobChanged, JobNotEnded, JobNotFound
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.jobs.waiting import wait_for_end
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.log_lines import log_fields
from waas_contract.names import REMOVAL_ANNOTATION
from waas_contract.object_keys import job_prefix
from waas_contract.removal import LONGEST_DISCARD_SECONDS, mark_removal, seconds_until_free
from waas_contract.transcription_job import TranscriptionJob

logger = logging.getLogger(__name__)

_LONGEST_END_SECONDS = 10.0
_MARK_ATTEMPTS = 5


def is_marked(job: TranscriptionJob) -> bool:
    """Tell whether somebody removes a job, or has begun to."""
    return bool(job.metadata.annotations.get(REMOVAL_ANNOTATION))


async def delete_job(
    job: TranscriptionJob, storage: ObjectStorage, jobs: TranscriptionJobs
) -> None:
    """Remove a job that has ended, or raise JobNotEnded: one that runs would write on.

    Raises:
        JobNotFound: it is gone, whatever bears its name by now.
    """
    metadata = job.metadata
    async with _marked(job, jobs) as until:
        await storage.discard_all(job_prefix(metadata.namespace, metadata.name), until=until)
        with suppress(JobNotFound):
            await jobs.delete(metadata.name, metadata.uid)
    logger.info("job deleted", extra=log_fields(transcription_job=metadata.name))


@asynccontextmanager
async def _marked(job: TranscriptionJob, jobs: TranscriptionJobs) -> AsyncIterator[float]:
    """Keep others away from a job, and give the monotonic time until which they stay away."""
    # One removal, not one process: two requests of one process must not do it at once either.
    holder = f"api-{uuid4().hex}"
    until, marked = await _mark(job, jobs, holder)
    try:
        yield until
    except BaseException:
        # Nothing of ours is at work any more, so that the next one need not wait.
        with anyio.CancelScope(shield=True), suppress(ApiError):
            version = marked.metadata.resource_version
            await jobs.annotate(job.metadata.name, {REMOVAL_ANNOTATION: ""}, version=version)
        raise


async def _mark(
    job: TranscriptionJob, jobs: TranscriptionJobs, holder: str
) -> tuple[float, TranscriptionJob]:
    uid, name = job.metadata.uid, job.metadata.name
    for _ in range(_MARK_ATTEMPTS):
        if job.metadata.uid != uid:
            raise JobNotFound("No such job")
        _check_removable(job, holder)
        until = time.monotonic() + LONGEST_DISCARD_SECONDS
        mark = mark_removal(holder, datetime.now(UTC))
        with suppress(JobChanged):
            version = job.metadata.resource_version
            return until, await jobs.annotate(name, mark, version=version)
        job = await jobs.get(name)
    raise JobChanged(f"{name} changes again and again")


def _check_removable(job: TranscriptionJob, holder: str) -> None:
    if not job.phase.is_final:
        raise JobNotEnded(
            f"The job is {job.phase}. Cancel it first, and delete it once it has ended."
        )
    seconds = seconds_until_free(job.metadata.annotations, holder, datetime.now(UTC))
    if seconds:
        raise JobNotEnded(
            "The job is being deleted already. If it is still there in "
            f"{seconds:.0f} s, delete it again."
        )


async def end_and_delete_job(
    job: TranscriptionJob,
    storage: ObjectStorage,
    jobs: TranscriptionJobs,
    *,
    longest_seconds: float = _LONGEST_END_SECONDS,
) -> None:
    """Remove a job in any phase; one that has not ended is cancelled and waited for.

    Raises:
        JobNotEnded: it is being cancelled, and ends later than anybody wants to wait.
    """
    if not job.phase.is_final:
        name, uid = job.metadata.name, job.metadata.uid
        await jobs.cancel(name)
        job = await wait_for_end(jobs, name, longest_seconds=longest_seconds)
        if job.metadata.uid != uid:
            raise JobNotFound("No such job")
        if not job.phase.is_final:
            raise JobNotEnded("The job is being cancelled. Delete it again in a moment.")
    await delete_job(job, storage, jobs)
