"""How much speech a tenant has had transcribed, as far as its records tell.

Only the sum of all jobs says it, so it is kept for a while: an API server then sees one pass over
its list at a time, not one for each client.
"""

import asyncio
import math
import time
from collections.abc import Callable

from waas_api.errors import ClusterUnavailable, InvalidCursor
from waas_api.transcription_jobs import TranscriptionJobs
from waas_contract.transcription_job import Phase, Task, TranscriptionJob

_JOBS_AT_ONCE = 500
_PASSES = 3


class TranscribedTime:
    """The seconds of audio in the jobs that succeeded and whose records are kept."""

    def __init__(
        self,
        jobs: TranscriptionJobs,
        *,
        longest_age_seconds: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._longest_age_seconds = longest_age_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._seconds = 0.0
        self._read_time: float | None = None

    async def seconds(self) -> float:
        """Return the sum, at most a minute old, to the millisecond."""
        async with self._lock:
            if self._read_time is None or self._age() >= self._longest_age_seconds:
                self._seconds = await self._read()
                self._read_time = self._monotonic()
            return self._seconds

    def _age(self) -> float:
        return self._monotonic() - (self._read_time or 0.0)

    async def _read(self) -> float:
        for _ in range(_PASSES):
            try:
                return await self._sum_up()
            except InvalidCursor:
                # The list went stale between two pages.
                continue
        raise ClusterUnavailable("the list of jobs changes faster than it can be read")

    async def _sum_up(self) -> float:
        seconds: list[float] = []
        cursor = None
        while True:
            page = await self._jobs.list(limit=_JOBS_AT_ONCE, cursor=cursor)
            seconds += map(_seconds_of, page.jobs)
            cursor = page.cursor
            if cursor is None:
                return round(math.fsum(seconds), 3)


def _seconds_of(job: TranscriptionJob) -> float:
    """Return what a job adds: what was only listened to for its language was not transcribed."""
    if job.phase is not Phase.SUCCEEDED or job.spec.task is Task.DETECT:
        return 0.0
    audio = job.status.audio if job.status else None
    return audio.duration_seconds if audio else 0.0
