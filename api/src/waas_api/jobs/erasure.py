"""Deletes all that one owner has, as far as the time reaches; doing it again goes on from there."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from waas_api.errors import JobNotFound
from waas_api.jobs.deletion import delete_job
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.storage.object_storage import ObjectStorage

_LOOK_SECONDS = 0.5
LONGEST_SECONDS = 60.0


@dataclass(frozen=True)
class Erasure:
    """What has become of an owner's jobs."""

    deleted: int
    remaining: int
    """Those that were cancelled and have not ended yet, or that the time did not reach."""


async def erase_jobs_of(
    owner: str,
    storage: ObjectStorage,
    jobs: TranscriptionJobs,
    *,
    longest_seconds: float = LONGEST_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Erasure:
    """Cancel the owner's unfinished jobs, and delete them all as they end."""
    deadline = monotonic() + longest_seconds
    index = await jobs.index()
    own = [job for job in index.newest_first() if job.owner == owner]
    # All of them first: what runs on is what costs.
    for job in own:
        if not job.phase.is_final:
            await _cancel(job.name, jobs)
    left = [job.name for job in own]
    while left:
        still_left = []
        for name in left:
            if monotonic() >= deadline or not await _delete(name, storage, jobs):
                still_left.append(name)
        left = still_left
        if monotonic() >= deadline:
            break
        if left:
            await sleep(_LOOK_SECONDS)
    return Erasure(deleted=len(own) - len(left), remaining=len(left))


async def _cancel(name: str, jobs: TranscriptionJobs) -> None:
    try:
        job = await jobs.get(name)
        if not job.phase.is_final and not job.spec.cancelled:
            await jobs.cancel(name)
    except JobNotFound:
        return


async def _delete(name: str, storage: ObjectStorage, jobs: TranscriptionJobs) -> bool:
    """Tell whether the job is gone."""
    try:
        job = await jobs.get(name)
        if not job.phase.is_final:
            return False
        await delete_job(job, storage, jobs)
    except JobNotFound:
        pass
    return True
