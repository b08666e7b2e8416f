"""Waits for a job's end, for the routes that answer with a transcript or a language at once."""

import time
from collections.abc import Awaitable, Callable

import anyio

from waas_api.transcription_jobs import TranscriptionJobs
from waas_contract.transcription_job import TranscriptionJob

_LOOK_SECONDS = 0.25


async def wait_for_end(
    jobs: TranscriptionJobs,
    name: str,
    *,
    longest_seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> TranscriptionJob:
    """Return the job once it has ended, or as it stands when the time is over."""
    deadline = monotonic() + longest_seconds
    while True:
        job = await jobs.get(name)
        if job.phase.is_final or monotonic() >= deadline:
            return job
        await sleep(min(_LOOK_SECONDS, max(0.0, deadline - monotonic())))
