"""Follows jobs for a client that listens: what happened is told as it stands by then.

Nothing is kept for a slow client but the names of what has changed (`job_changes`): it is told the
latest once it reads again.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from waas_api.http.live_streams import LiveStreams
from waas_api.jobs.events import (
    EventType,
    Known,
    classify,
    find_first_news,
    render_deletion,
    render_hello,
    render_job,
    render_keep_alive,
    render_resync,
    render_segments,
)
from waas_api.jobs.forecasts import Forecasts
from waas_api.jobs.index import JobIndex
from waas_api.native.views import JobView, show_job
from waas_api.transcripts.partial_segments import PartialReader, PartialReaders
from waas_contract.job_status import Phase
from waas_contract.transcript import Segment

_LOOK_SECONDS = 5.0
"""How often one who listens to a single job is told of its place, and segments are looked for."""

_KEEP_ALIVE_SECONDS = 15.0
_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Audience:
    """What a stream hangs on beside its jobs."""

    index: JobIndex
    forecasts: Forecasts
    streams: LiveStreams
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic

    def remaining_seconds(self, begun: float) -> float:
        """Return how long a stream may last yet, of those that it may last at all."""
        return self.streams.longest_seconds - (self.monotonic() - begun)

    def look(self, name: str) -> JobView | None:
        """Return a job as it is shown, or None where there is none."""
        summary = self.index.summary(name)
        job = self.index.read(name) if summary is not None else None
        if summary is None or job is None:
            return None
        estimate = self.forecasts.estimate(summary, self.index, self.now())
        return show_job(job, self.index.waiting, estimate)

    def version(self, name: str) -> int:
        """Return the version of a job."""
        summary = self.index.summary(name)
        return self.index.version if summary is None else summary.version


class _JobStream:
    """One client that listens to one job."""

    def __init__(self, audience: Audience, name: str, reader: PartialReader, known: Known) -> None:
        self._audience = audience
        self._name = name
        self._reader = reader
        self._known = known
        self._told: tuple[Segment, ...] = ()
        self._view: JobView | None = None
        self.has_ended = False

    async def news(self) -> AsyncIterator[bytes]:
        """Give the events that there are by now."""
        view = self._audience.look(self._name)
        if view is None or self._is_another(view):
            self.has_ended = True
            yield render_deletion(self._name, self._audience.index.version)
            return
        version = self._audience.version(self._name)
        event = classify(self._view, view)
        if self._view is None and event is EventType.STATUS and version == self._known.version:
            event = None  # the client had it before it lost the connection
        self._view = view
        self._known = Known(version, self._known.segments, self._known.digest)
        if event is not None and event is not EventType.END:
            yield render_job(event, view, self._known)
        if view.phase is Phase.RUNNING:
            partial = await self._reader.read((view.progress, view.processed_seconds))
            segments = partial.segments if partial else ()
            first = find_first_news(self._known, self._told, segments)
            if partial is not None and first is not None:
                self._known = self._known.with_segments(segments)
                yield render_segments(self._name, partial.language, segments, first, self._known)
            if partial is not None:
                self._told = segments
        if event is EventType.END:
            self.has_ended = True
            yield render_job(event, view, self._known)

    def _is_another(self, view: JobView) -> bool:
        """Tell whether the name was freed and taken again, maybe by another owner."""
        known = self._view
        return known is not None and (known.creation_time, known.owner) != (
            view.creation_time,
            view.owner,
        )


async def follow_job(
    audience: Audience, readers: PartialReaders, namespace: str, name: str, known: Known
) -> AsyncIterator[bytes]:
    """Give the events of one job until it has ended, or the program is told to stop."""
    index = audience.index
    with (
        index.changes.subscribed(name) as subscription,
        audience.streams.joined(subscription),
        readers.reader(namespace, name) as reader,
    ):
        yield render_hello(_RETRY_SECONDS)
        stream = _JobStream(audience, name, reader, known)
        spoken = begun = audience.monotonic()
        while not subscription.is_closed and audience.remaining_seconds(begun) > 0:
            async for event in stream.news():
                spoken = audience.monotonic()
                yield event
            if stream.has_ended:
                return
            await subscription.wait(min(_LOOK_SECONDS, audience.remaining_seconds(begun)))
            if audience.monotonic() - spoken >= _KEEP_ALIVE_SECONDS:
                spoken = audience.monotonic()
                yield render_keep_alive()


async def follow_all(
    audience: Audience, may_see: Callable[[str | None], bool], known: Known
) -> AsyncIterator[bytes]:
    """Give the events of all jobs that a client may see, until the program is told to stop."""
    index = audience.index
    with (
        index.changes.subscribed() as subscription,
        audience.streams.joined(subscription),
    ):
        yield render_hello(_RETRY_SECONDS)
        for missed in _catch_up(audience, may_see, known):
            yield missed
        seen: dict[str, JobView] = {}
        begun = audience.monotonic()
        while not subscription.is_closed and (left := audience.remaining_seconds(begun)) > 0:
            names = await subscription.wait(min(_KEEP_ALIVE_SECONDS, left))
            if not names:
                yield render_keep_alive()
            # In the order in which it happened: an id says that all before it was told.
            since = index.version
            for name in sorted(names, key=audience.version):
                event = _tell(audience, may_see, name, seen, since)
                if event is not None:
                    yield event


def _catch_up(
    audience: Audience, may_see: Callable[[str | None], bool], known: Known
) -> list[bytes]:
    """Return what has happened since a client was told last."""
    index = audience.index
    if not known.version:
        return []
    if known.version < index.first_version:
        return [render_resync(index.version)]
    missed: list[tuple[int, bytes]] = [
        (each.version, render_deletion(each.name, each.version))
        for each in index.deletions
        if each.version > known.version and may_see(each.owner)
    ]
    for summary in index.newest_first():
        if summary.version > known.version and may_see(summary.owner):
            view = audience.look(summary.name)
            event = view and classify(None, view)
            if view is not None and event:
                missed.append((summary.version, render_job(event, view, Known(summary.version))))
    return [event for _, event in sorted(missed, key=lambda each: each[0])]


def _tell(
    audience: Audience,
    may_see: Callable[[str | None], bool],
    name: str,
    seen: dict[str, JobView],
    since: int,
) -> bytes | None:
    """Return the event of one job that has changed, if it is the client's business."""
    view = audience.look(name)
    known = Known(min(since, audience.version(name)))
    if view is None:
        seen.pop(name, None)
        gone = (each for each in reversed(audience.index.deletions) if each.name == name)
        is_told = any(may_see(each.owner) for each in gone)
        return render_deletion(name, known.version) if is_told else None
    if not may_see(view.owner):
        return None
    event = classify(seen.get(name), view)
    if view.phase is Phase.RUNNING:
        seen[name] = view
    else:
        seen.pop(name, None)
    return render_job(event, view, known) if event is not None else None
