"""Keeps a JobIndex true: by a list of all jobs, then by the stream of their changes.

A stream ends every minute and is taken up where it ended. Where the API server knows that place no
longer, everything is listed anew; until then the index stands as it was.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from waas_api.errors import ClusterError, ClusterUnavailable, HistoryGone
from waas_api.jobs.index import JobIndex, Resource
from waas_api.jobs.summaries import parse_version

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_LONGEST_GAP_SECONDS = 5.0


class ChangeType(StrEnum):
    """What a watch tells, in Kubernetes' words."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


@dataclass(frozen=True)
class ResourcePage:
    """Some of the resources, as they were at one moment."""

    resources: list[Resource]
    version: str
    cursor: str | None


class JobFeed(Protocol):
    """What an API server tells of the TranscriptionJobs of a namespace."""

    async def list_page(self, cursor: str | None) -> ResourcePage:
        """Return a page; raises HistoryGone for a cursor that is too old."""
        ...

    def watch(
        self, version: str
    ) -> AbstractAsyncContextManager[AsyncIterator[tuple[ChangeType, Resource]]]:
        """Open the stream of changes after a version; it ends after a while.

        Raises:
            HistoryGone: also out of the stream.
        """
        ...


class JobWatch:
    """One namespace's index and what keeps it."""

    def __init__(
        self,
        feed: JobFeed,
        index: JobIndex,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._feed = feed
        self._index = index
        self._monotonic = monotonic
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._is_listed = asyncio.Event()
        self._lost_time: float | None = None
        """Since when no stream is open; None while one is."""

    @property
    def is_current(self) -> bool:
        """Tell whether the index is no more than a few seconds behind."""
        if not self._is_listed.is_set():
            return False
        lost_time = self._lost_time
        return lost_time is None or self._monotonic() - lost_time <= _LONGEST_GAP_SECONDS

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self.run(), name="job watch")

    async def wait_until_current(self, longest_seconds: float) -> None:
        """Return when the index can be relied on, or raise ClusterUnavailable."""
        self.start()
        if not self._is_listed.is_set():
            try:
                async with asyncio.timeout(longest_seconds):
                    await self._is_listed.wait()
            except TimeoutError as error:
                raise ClusterUnavailable("the TranscriptionJobs cannot be listed") from error
        if not self.is_current:
            raise ClusterUnavailable("the TranscriptionJobs cannot be watched")

    async def close(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        """List and watch until cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        version: str | None = None
        while True:
            try:
                if version is None:
                    version = await self._list()
                async for reached in self._follow(version):
                    version, pause = reached, _FIRST_PAUSE_SECONDS
                continue
            except HistoryGone as error:
                logger.info("the TranscriptionJobs are listed anew: %s", error)
                version = None
            except ClusterError as error:
                logger.warning("the TranscriptionJobs cannot be watched: %s", error)
            except Exception:
                # Whatever an API server sends must not end the watch for good.
                logger.exception("the watch of the TranscriptionJobs failed and begins anew")
                version = None
            await self._sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _list(self) -> str:
        """Fill the index; returns the version from which to watch."""
        self._index.begin_list()
        cursor: str | None = None
        while True:
            page = await self._feed.list_page(cursor)
            self._index.take_page(page.resources)
            cursor = page.cursor
            if cursor is None:
                self._index.end_list(parse_version(page.version))
                return page.version

    async def _follow(self, version: str) -> AsyncIterator[str]:
        """Take in one stream; gives the version from which to go on, again and again."""
        try:
            async with self._feed.watch(version) as stream:
                self._lost_time = None
                self._is_listed.set()
                yield version
                async for change, resource in stream:
                    version = resource["metadata"]["resourceVersion"]
                    self._take(change, resource, parse_version(version))
                    yield version
        finally:
            if self._lost_time is None:
                self._lost_time = self._monotonic()

    def _take(self, change: ChangeType, resource: Resource, version: int) -> None:
        if change is ChangeType.BOOKMARK:
            self._index.advance(version)
        elif change is ChangeType.DELETED:
            self._index.apply_deletion(resource, version)
        else:
            self._index.apply(resource, version)
