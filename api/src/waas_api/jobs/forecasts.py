"""Estimates of the jobs of one namespace; what is worked out for all serves for some seconds."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice

from waas_api.jobs.estimates import Estimate, estimate_running, forecast_line, measure_speeds
from waas_api.jobs.index import JobIndex
from waas_api.jobs.summaries import JobSummary
from waas_contract.job_status import Phase

_LONGEST_AGE_SECONDS = 5.0
_MOST_LOOKED_AT = 500
"""Of the newest jobs, those whose speed may count."""


class Forecasts:
    """When each job of an index will be done."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._line: Mapping[str, Estimate] = {}
        self._made_time: float | None = None

    def estimate(self, job: JobSummary, index: JobIndex, now: datetime) -> Estimate | None:
        """Return when a job will be done, or None where nobody can tell."""
        if job.phase is Phase.RUNNING:
            return estimate_running(job, now)
        if not job.phase.is_waiting or job.duration_seconds is None:
            return None
        moment = self._monotonic()
        if self._made_time is None or moment - self._made_time >= _LONGEST_AGE_SECONDS:
            self._line = _forecast(index, now)
            self._made_time = moment
        return self._line.get(job.name)


def _forecast(index: JobIndex, now: datetime) -> Mapping[str, Estimate]:
    # In one go, while every request waits: so it looks at no more than it must.
    running = [job for job in index.newest_first() if job.phase is Phase.RUNNING]
    waiting = (job for name in index.waiting if (job := index.summary(name)) is not None)
    speeds = measure_speeds(islice(index.newest_first(), _MOST_LOOKED_AT))
    return forecast_line(waiting, running, speeds, now)
