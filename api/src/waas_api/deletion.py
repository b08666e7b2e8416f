"""Removes a job and all that it left: first the objects, then the record.

A crash in between leaves a record without objects, which can be deleted again; objects without
their record nobody would find.
"""

import logging

from waas_api.errors import JobNotEnded
from waas_api.job_waiting import wait_for_end
from waas_api.object_storage import ObjectStorage
from waas_api.transcription_jobs import TranscriptionJobs
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import job_prefix
from waas_contract.transcription_job import TranscriptionJob

logger = logging.getLogger(__name__)

_LONGEST_END_SECONDS = 10.0


async def delete_job(
    job: TranscriptionJob, storage: ObjectStorage, jobs: TranscriptionJobs
) -> None:
    """Remove a job that has ended, or raise JobNotEnded: one that runs would write on."""
    if not job.phase.is_final:
        raise JobNotEnded(
            f"The job is {job.phase}. Cancel it first, and delete it once it has ended."
        )
    name = job.metadata.name
    await storage.discard_all(job_prefix(job.metadata.namespace, name))
    await jobs.delete(name)
    logger.info("job deleted", extra=log_fields(transcription_job=name))


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
        name = job.metadata.name
        await jobs.cancel(name)
        job = await wait_for_end(jobs, name, longest_seconds=longest_seconds)
        if not job.phase.is_final:
            raise JobNotEnded("The job is being cancelled. Delete it again in a moment.")
    await delete_job(job, storage, jobs)
