"""Waits for a job's end, for the routes that answer with a transcript or a language at once."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio

from waas_api.jobs.transcription_jobs import TranscriptionJobs
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
    async for job in follow(
        jobs, name, longest_seconds=longest_seconds, monotonic=monotonic, sleep=sleep
    ):
        last = job
    return last


async def follow(
    jobs: TranscriptionJobs,
    name: str,
    *,
    longest_seconds: float,
    longest_pause_seconds: float = _LOOK_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> AsyncIterator[TranscriptionJob]:
    """Look at a job again and again, to its end or until the time is over.

    The pauses grow with the time that it has taken, for then a moment more matters less.
    """
    start = monotonic()
    while True:
        job = await jobs.get(name)
        yield job
        passed = monotonic() - start
        if job.phase.is_final or passed >= longest_seconds:
            return
        pause = min(longest_pause_seconds, max(_LOOK_SECONDS, passed / 20))
        await sleep(min(pause, longest_seconds - passed))
