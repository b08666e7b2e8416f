"""How many jobs of a tenant, and of each owner in it, may wait and run at once.

They are counted where they are kept, together with those that this process is about to make: so
replicas together may go over a limit by as many as they make in the same moment, and no further.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from waas_api.errors import LimitReached
from waas_api.jobs.transcription_jobs import TranscriptionJobs

_RETRY_SECONDS = 60


class LiveJobs:
    """Admits new jobs of one tenant; None is no limit."""

    def __init__(
        self,
        jobs: TranscriptionJobs,
        *,
        most: int | None = None,
        most_per_owner: int | None = None,
    ) -> None:
        self._jobs = jobs
        self._most = most
        self._most_per_owner = most_per_owner
        self._coming: Counter[str | None] = Counter()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def admit(self, owner: str | None) -> AsyncIterator[None]:
        """Keep a place for a job while it is made, or raise LimitReached."""
        if self._most is None and self._most_per_owner is None:
            yield
            return
        async with self._lock:
            await self._check(owner)
            self._coming[owner] += 1
        try:
            yield
        finally:
            self._coming[owner] -= 1
            if not self._coming[owner]:
                del self._coming[owner]

    async def _check(self, owner: str | None) -> None:
        index = await self._jobs.index()
        live = Counter(job.owner for job in index.newest_first() if not job.phase.is_final)
        live.update(self._coming)
        if self._most_per_owner is not None and live[owner] >= self._most_per_owner:
            raise LimitReached(
                f"You have {live[owner]} jobs that wait or run, and may have "
                f"{self._most_per_owner}. Wait until one has ended, or cancel one.",
                retry_after_seconds=_RETRY_SECONDS,
            )
        if self._most is not None and live.total() >= self._most:
            raise LimitReached(
                f"Your namespace may have {self._most} jobs that wait or run. Wait until one has "
                "ended.",
                retry_after_seconds=_RETRY_SECONDS,
            )
