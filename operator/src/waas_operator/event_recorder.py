"""Writes Kubernetes Events beside the work: none delays a reconcile, and none fails one.

What went wrong is always told. Of what went well a crowd is told, and then some a second: an Event
costs the API server as much as a step of the job that it tells of, and its conditions say the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.errors import Conflict, OperatorError
from waas_operator.event_notes import EventNote, build_event, build_series, note_events
from waas_operator.seams import Events, Resource

logger = logging.getLogger(__name__)

_MOST_WAITING = 1000
"""More than this are dropped: Events are a help to people, not a record."""

GOOD_NEWS_AT_ONCE = 300
GOOD_NEWS_PER_SECOND = 10.0

DropReason = Literal["crowd", "failed"]
"""Whether there were too many of them, or the API server did not take it."""


class Allowance:
    """Allows a number at once, and then some a second."""

    def __init__(self, at_once: int, per_second: float, monotonic: Callable[[], float]) -> None:
        """Begin with all that is allowed at once."""
        self._at_once = at_once
        self._per_second = per_second
        self._monotonic = monotonic
        self._left, self._since = float(at_once), monotonic()

    def take(self) -> bool:
        """Tell whether one more is allowed now; it counts if so."""
        now = self._monotonic()
        grown = self._left + (now - self._since) * self._per_second
        self._left, self._since = min(grown, float(self._at_once)), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class EventRecorder:
    """Takes notes at once and writes them one after the other."""

    def __init__(
        self,
        events: Events,
        instance: str,
        clock: Callable[[], datetime],
        note_dropped: Callable[[DropReason], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where to write, who writes, and what to do about an Event that is not written."""
        self._events = events
        self._instance = instance
        self._clock = clock
        self._note_dropped = note_dropped
        self._good_news = Allowance(GOOD_NEWS_AT_ONCE, GOOD_NEWS_PER_SECOND, monotonic)
        self._waiting: asyncio.Queue[tuple[Resource, EventNote, datetime]]
        self._waiting = asyncio.Queue(_MOST_WAITING)

    def note_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> None:
        """Take note of a status that was written over `job`'s."""
        for note in note_events(job, status):
            if self._waiting.full() or not (note.is_warning or self._good_news.take()):
                self._note_dropped("crowd")
                continue
            now = self._clock()
            event = build_event(job, note, self._instance, now)
            self._waiting.put_nowait((event, note, now))

    async def write_forever(self) -> None:
        """Write what waits; what cannot be written is dropped."""
        while True:
            event, note, noted = await self._waiting.get()
            try:
                await self._write(event, note, noted)
            except OperatorError as error:
                self._note_dropped("failed")
                logger.debug("an Event is dropped: %s", error)
            except Exception:
                # People do without this one; the work goes on.
                self._note_dropped("failed")
                logger.exception("an Event is dropped")

    async def _write(self, event: Resource, note: EventNote, noted: datetime) -> None:
        try:
            await self._events.create_event(event)
        except Conflict:
            if note.count > 1:
                await self._events.update_event(event["metadata"], build_series(note, noted))
