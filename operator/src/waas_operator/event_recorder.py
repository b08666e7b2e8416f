"""Writes Kubernetes Events beside the work: none delays a reconcile, and none fails one."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from waas_contract.transcription_job import TranscriptionJob, TranscriptionJobStatus
from waas_operator.errors import Conflict, OperatorError
from waas_operator.event_notes import EventNote, build_event, build_series, note_events
from waas_operator.seams import Events

logger = logging.getLogger(__name__)

_MOST_WAITING = 1000
"""More than this are dropped: Events are a help to people, not a record."""


class EventRecorder:
    """Takes notes at once and writes them one after the other."""

    def __init__(
        self,
        events: Events,
        instance: str,
        clock: Callable[[], datetime],
        note_dropped: Callable[[], None],
    ) -> None:
        """Take where to write, who writes, and what to do about an Event that is not written."""
        self._events = events
        self._instance = instance
        self._clock = clock
        self._note_dropped = note_dropped
        self._waiting: asyncio.Queue[tuple[TranscriptionJob, EventNote, datetime]]
        self._waiting = asyncio.Queue(_MOST_WAITING)

    def note_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> None:
        """Take note of a status that was written over `job`'s."""
        for note in note_events(job, status):
            try:
                self._waiting.put_nowait((job, note, self._clock()))
            except asyncio.QueueFull:
                self._note_dropped()

    async def write_forever(self) -> None:
        """Write what waits; what cannot be written is dropped."""
        while True:
            job, note, time = await self._waiting.get()
            try:
                await self._write(job, note, time)
            except OperatorError as error:
                self._note_dropped()
                logger.debug("an Event is dropped: %s", error)
            except Exception:
                # People do without this one; the work goes on.
                self._note_dropped()
                logger.exception("an Event is dropped")

    async def _write(self, job: TranscriptionJob, note: EventNote, time: datetime) -> None:
        event = build_event(job, note, self._instance, time)
        try:
            await self._events.create_event(event)
        except Conflict:
            if note.count > 1:
                await self._events.update_event(event["metadata"], build_series(note, time))
