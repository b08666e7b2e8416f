"""Waits for the end of a job: by its events where they can be had, else by looking again and again.

A look comes first, and another one after each stream that ended: what a stream has left out, or a
proxy has kept back, is found out so.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from waas_client import requests
from waas_client.answers import Job
from waas_client.errors import (
    JobCancelled,
    JobFailed,
    JobNotFound,
    ServerBusy,
    ServerUnreachable,
    WaasError,
    WaitedTooLong,
)
from waas_client.events import EventReader
from waas_client.steps import Flow, Hear, Listen, Pause
from waas_contract.job_status import Phase

SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
_PAUSE_PER_PLACE_SECONDS = 0.1

MOST_STREAMS = 16
"""Streams that one client has open at once: others want connections, too."""

_REST_SECONDS = 30.0
"""How long a server is not asked for streams that has no room for another."""

_SIGN_OF_LIFE_SECONDS = 20.0
"""Within which a stream says something, if only that it is there: no deadline is kept closer."""


def next_pause(job: Job, waited_seconds: float) -> float:
    """Return the seconds until the next look at a job.

    A tenth of the time that was waited already, so that nobody learns of the end much later than
    it came; longer for whoever stands far back in the queue, so that many jobs are few questions.
    """
    pause = max(waited_seconds / 10, _PAUSE_PER_PLACE_SECONDS * (job.position_in_queue or 0))
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, pause))


@dataclass
class Streams:
    """The streams of one client, and what it has learnt of its server's."""

    are_there: bool = True
    """Whether any reach us: an older server has none, and a proxy may keep them back."""

    rest_until: float = 0.0
    open: int = 0

    def have_room(self, job: Job, now: float) -> bool:
        """Tell whether a job may be listened to; those far back in the queue look now and then."""
        is_near = (job.position_in_queue or 0) < MOST_STREAMS
        return self.are_there and is_near and self.open < MOST_STREAMS and now >= self.rest_until

    @contextmanager
    def another(self) -> Iterator[None]:
        """Count a stream for as long as it is open."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


class JobWait:
    """One wait for one job."""

    def __init__(
        self,
        job_id: str,
        look: Callable[[], Flow[Job]],
        streams: Streams,
        *,
        on_change: Callable[[Job], None] | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._job_id = job_id
        self._look = look
        self._streams = streams
        self._on_change = on_change
        self._monotonic = monotonic
        self._reader = EventReader()
        self._seen: Job | None = None
        self._last_answer = monotonic()

    def run(self, *, timeout_seconds: float | None, patience_seconds: float) -> Flow[Job]:
        """Return the job once it has ended well; a server may be away for as long as patience is.

        Raises:
            JobFailed: it ended without a transcript.
            JobCancelled: somebody cancelled it.
            WaitedTooLong: it had not ended in time.
        """
        began = self._monotonic()
        deadline = None if timeout_seconds is None else began + timeout_seconds
        while True:
            try:
                self._see((yield from self._look()))
            except (ServerUnreachable, ServerBusy):
                if self._monotonic() - self._last_answer > patience_seconds:
                    raise
            else:
                yield from self._listen(deadline)
            seen = self._seen
            if seen is not None and seen.is_final:
                return check_success(seen)
            now = self._monotonic()
            if deadline is not None and seen is not None and now >= deadline:
                raise WaitedTooLong(
                    f"Job {self._job_id} is {seen.phase} after {now - began:.0f} seconds of "
                    "waiting.",
                    seen,
                )
            yield Pause(LONGEST_PAUSE_SECONDS if seen is None else next_pause(seen, now - began))

    def _see(self, job: Job) -> None:
        self._last_answer = self._monotonic()
        if job != self._seen and self._on_change is not None:
            self._on_change(job)
        self._seen = job

    def _listen(self, deadline: float | None) -> Flow[None]:
        """Follow the job's events as long as they come, and the deadline is not near."""
        if not self._may_listen(deadline):
            return
        self._reader.begin()
        has_heard = False
        try:
            with self._streams.another():
                call = requests.job_events(self._job_id, self._reader.last_event_id)
                stream = yield Listen(call)
                while (content := (yield Hear(stream))) is not None:
                    has_heard = True
                    assert self._seen is not None
                    self._see(self._reader.read(content, self._seen))
                    if not self._may_go_on(deadline):
                        return
        except ServerBusy:
            self._streams.rest_until = self._monotonic() + _REST_SECONDS
            return
        except JobNotFound:
            return  # the next look says so
        except WaasError:
            # Looking tells whether it is the server that is away.
            pass
        if not has_heard:
            self._streams.are_there = False

    def _may_listen(self, deadline: float | None) -> bool:
        assert self._seen is not None
        has_room = self._streams.have_room(self._seen, self._monotonic())
        return has_room and self._may_go_on(deadline)

    def _may_go_on(self, deadline: float | None) -> bool:
        assert self._seen is not None
        is_near = deadline is not None and deadline - self._monotonic() < _SIGN_OF_LIFE_SECONDS
        return not self._seen.is_final and not is_near


def check_success(job: Job) -> Job:
    """Return a job that has a transcript, or raise the JobEnded that says why it has none."""
    if job.phase == Phase.SUCCEEDED:
        return job
    if job.phase == Phase.CANCELLED:
        raise JobCancelled(f"Job {job.id} was cancelled.", job)
    explanation = job.message or "The server gave no explanation."
    reason = f" ({job.reason})" if job.reason else ""
    raise JobFailed(f"{explanation}{reason}", job)
