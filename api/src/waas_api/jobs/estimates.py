"""When a job will be done, as far as that can be told, and what it is told from.

A running job is measured by itself. One that waits is measured by those before it: each is taken to
run as fast as recent jobs of the same model did, and as many at a time as run now. Where a length
or a speed that counts is not known, there is no estimate.
"""

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from waas_api.jobs.summaries import JobSummary
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Task
from waas_contract.wire import Time, WireModel

_FEWEST_MEASURED = 3
_MOST_MEASURED = 20

Kind = tuple[str, Task]
"""Model and task: jobs of one kind are about as fast as each other."""


class Basis(StrEnum):
    """What an estimate is told from."""

    PROGRESS = "progress"
    """The job's own speed so far."""

    QUEUE = "queue"
    """The lengths of the recordings before it, and the speed of recent jobs."""


class Estimate(WireModel):
    """When a job will be done if all goes on as it does."""

    completion_time: Time
    basis: Basis


def estimate_running(job: JobSummary, now: datetime) -> Estimate | None:
    """Return when a running job will be done by its own speed so far."""
    if (
        job.phase is not Phase.RUNNING
        or job.start_time is None
        or job.progress_time is None
        or job.duration_seconds is None
        or not job.processed_seconds
    ):
        return None
    elapsed = (job.progress_time - job.start_time).total_seconds()
    if elapsed <= 0:
        return None
    missing = max(0.0, job.duration_seconds - job.processed_seconds)
    end = job.progress_time + timedelta(seconds=missing * elapsed / job.processed_seconds)
    return Estimate(completion_time=max(now, end), basis=Basis.PROGRESS)


def measure_speeds(newest_first: Iterable[JobSummary]) -> Mapping[Kind, float]:
    """Return seconds of work per second of sound, the median of recent jobs of each kind."""
    measured: dict[Kind, list[tuple[datetime, float]]] = {}
    for job in newest_first:
        if (
            job.phase is Phase.SUCCEEDED
            and job.start_time is not None
            and job.completion_time is not None
            and job.duration_seconds
        ):
            seconds = (job.completion_time - job.start_time).total_seconds()
            pair = (job.completion_time, seconds / job.duration_seconds)
            measured.setdefault((job.model, job.task), []).append(pair)
    return {
        kind: median(speed for _, speed in heapq.nlargest(_MOST_MEASURED, pairs))
        for kind, pairs in measured.items()
        if len(pairs) >= _FEWEST_MEASURED
    }


def forecast_line(
    waiting: Iterable[JobSummary],
    running: Iterable[JobSummary],
    speeds: Mapping[Kind, float],
    now: datetime,
) -> Mapping[str, Estimate]:
    """Return when those who wait will be done, by name; they come oldest first.

    It ends at the first of whom nobody can tell: of those behind nobody can tell either.
    """
    free_times: list[datetime] = []
    for job in running:
        own = estimate_running(job, now)
        if own is None:
            return {}
        free_times.append(own.completion_time)
    if not free_times:
        # Nothing runs: when the first will start is up to the cluster.
        return {}
    heapq.heapify(free_times)
    forecasts = {}
    for job in waiting:
        speed = speeds.get((job.model, job.task))
        if speed is None or job.duration_seconds is None:
            break
        end = free_times[0] + timedelta(seconds=speed * job.duration_seconds)
        heapq.heapreplace(free_times, end)
        forecasts[job.name] = Estimate(completion_time=end, basis=Basis.QUEUE)
    return forecasts
