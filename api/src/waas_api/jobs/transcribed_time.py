"""How much speech a tenant has had transcribed, as far as its records tell.

Only the sum of all jobs says it, so it is kept for a while: ten thousand jobs are then gone through
once a minute, not for each client.
"""

import math
import time
from collections.abc import Callable

from waas_api.jobs.summaries import JobSummary
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Task


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
        self._seconds = 0.0
        self._read_time: float | None = None

    async def seconds(self) -> float:
        """Return the sum, at most a minute old, to the millisecond."""
        if self._read_time is None or self._age() >= self._longest_age_seconds:
            index = await self._jobs.index()
            self._seconds = round(math.fsum(map(_seconds_of, index.newest_first())), 3)
            self._read_time = self._monotonic()
        return self._seconds

    def _age(self) -> float:
        return self._monotonic() - (self._read_time or 0.0)


def _seconds_of(job: JobSummary) -> float:
    """Return what a job adds: what was only listened to for its language was not transcribed."""
    if job.phase is not Phase.SUCCEEDED or job.task is Task.DETECT:
        return 0.0
    return job.duration_seconds or 0.0
