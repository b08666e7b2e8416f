"""Who waits for a transcription, in the order in which they came.

Every client asks for its place every few seconds, so the list is kept for a moment: the API server
then sees one LIST at a time, not one for each client.
"""

import asyncio
import time
from collections.abc import Callable

from waas_api.transcription_jobs import TranscriptionJobs


class WaitingLine:
    """The names of the waiting TranscriptionJobs, oldest first."""

    def __init__(
        self,
        jobs: TranscriptionJobs,
        *,
        longest_age_seconds: float = 2.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._longest_age_seconds = longest_age_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._names: tuple[str, ...] = ()
        self._read_time: float | None = None

    async def names(self, *, including: str | None = None) -> tuple[str, ...]:
        """Return the names, at most a moment old; newer ones if a name must be among them."""
        async with self._lock:
            if self._is_old() or (including is not None and including not in self._names):
                waiting = await self._jobs.list_waiting()
                by_age = sorted(waiting, key=lambda job: (job.creation_time, job.name))
                self._names = tuple(job.name for job in by_age)
                self._read_time = self._monotonic()
            return self._names

    def _is_old(self) -> bool:
        return (
            self._read_time is None
            or self._monotonic() - self._read_time >= self._longest_age_seconds
        )
