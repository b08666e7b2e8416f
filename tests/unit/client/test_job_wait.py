"""Waiting for a job: by its events where they come, and by looking where they do not."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest

from support.quick_api import SERVER
from waas_client import AsyncClient, Client, Job, errors
from waas_client.events import EventReader
from waas_client.requests import Call
from waas_client.steps import Flow, Hear, Listen, Pause, Step, ask
from waas_client.waiting import JobWait, Streams

Answer = Job | bytes | Exception | None
Heard = list[tuple[str, Any]]

WAITING = Job(id="a", phase="Queued", position_in_queue=0)
RUNNING = Job(id="a", phase="Running", file_name="a\u2028b.mp3")
DONE = Job(id="a", phase="Succeeded")
HELLO = b": waas\nretry: 2000\n\n"
LOST = errors.ServerUnreachable("away")
BUSY = errors.ServerBusy("too many", problem="too-many-streams")


def event(name: str, content: object, number: int) -> bytes:
    data = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return f"event: {name}\ndata: {data}\nid: {number}\n\n".encode()


def whole(name: str, job: Job, number: int) -> bytes:
    return event(name, job.model_dump(mode="json", by_alias=True), number)


STATUS = whole("status", RUNNING, 5)
PROGRESS = event("progress", {"id": "a", "phase": "Running", "progress": 42}, 6)
END = whole("end", DONE, 7)


class Play:
    """Runs a wait on answers that a test has written down, with a clock that pauses move.

    `looks` are what the job is at each look, the last one again and again; `heard` answers the
    opening of each stream, and then what is heard of it.
    """

    def __init__(
        self, *looks: Answer, heard: Sequence[Answer] = (), streams: Streams | None = None
    ) -> None:
        self.looks = list(looks)
        self.heard = list(heard)
        self.streams = streams or Streams()
        self.now = 0.0
        self.steps: list[str] = []
        self.calls: list[Call[Any]] = []
        self.seen: list[Job] = []

    def run(self, timeout_seconds: float | None = None, patience_seconds: float = 60) -> Job:
        wait = JobWait(
            "a",
            lambda: ask(Call("GET", "/v2/jobs/a", lambda _: WAITING)),
            self.streams,
            on_change=self.seen.append,
            monotonic=lambda: self.now,
        )
        flow = wait.run(timeout_seconds=timeout_seconds, patience_seconds=patience_seconds)
        return self._run(flow)

    def _run(self, flow: Flow[Job]) -> Job:
        step = next(flow)
        while True:
            try:
                answer = self._take(step)
                step = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
            except StopIteration as end:
                job: Job = end.value
                return job

    def _take(self, step: Step) -> object:
        match step:
            case Pause(seconds):
                self.steps.append("pause")
                self.now += seconds
                return None
            case Listen(call):
                self.steps.append("listen")
                self.calls.append(call)
            case Hear():
                self.steps.append("hear")
            case Call():
                self.steps.append("look")
                return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return self.heard.pop(0)


def test_a_job_is_heard_of_to_its_end_and_asked_for_once() -> None:
    play = Play(WAITING, heard=[None, HELLO, STATUS + PROGRESS, END])

    assert play.run() == DONE

    assert play.steps == ["look", "listen", "hear", "hear", "hear"]
    assert [each.phase for each in play.seen] == ["Queued", "Running", "Succeeded"]
    assert play.streams.open == 0


def test_progress_changes_what_is_known_and_keeps_the_rest() -> None:
    play = Play(WAITING, heard=[None, STATUS, PROGRESS, END])
    play.run()

    assert play.seen[2] == RUNNING.model_copy(update={"progress": 42})


def test_what_has_ended_is_not_listened_to() -> None:
    play = Play(DONE)

    assert play.run() == DONE
    assert play.steps == ["look"]


@pytest.mark.parametrize(
    ("sentence", "end"), [("it ends", None), ("it breaks", LOST)], ids=["ends", "breaks"]
)
def test_a_stream_is_taken_up_again_after_a_look(sentence: str, end: Answer) -> None:
    play = Play(WAITING, heard=[None, HELLO + STATUS, STATUS[:9], end, None, END])

    assert play.run() == DONE, sentence

    assert play.steps[4:] == ["hear", "pause", "look", "listen", "hear"]
    assert play.calls[0].headers.get("Last-Event-ID") is None
    assert play.calls[1].headers["Last-Event-ID"] == "5"


NO_STREAM: list[tuple[str, Sequence[Answer]]] = [
    ("an older server has none", [errors.Refused("no", status=404, problem="not-found")]),
    ("another page is there", [errors.NotAWaasServer("no events")]),
    ("the server cannot", [errors.ServerFailed("500")]),
    ("a proxy keeps it back until patience ends", [None, LOST]),
    ("a proxy lets nothing through", [None, None]),
]


@pytest.mark.parametrize("answers", [pytest.param(case[1], id=case[0]) for case in NO_STREAM])
def test_where_no_stream_comes_through_jobs_are_looked_at(answers: Sequence[Answer]) -> None:
    play = Play(WAITING, RUNNING, DONE, heard=answers)

    assert play.run() == DONE

    assert play.steps[-4:] == ["pause", "look", "pause", "look"]
    assert not play.streams.are_there


def test_a_server_without_room_is_asked_for_a_stream_later() -> None:
    play = Play(WAITING, heard=[BUSY, None, END])

    assert play.run() == DONE

    assert play.steps.count("listen") == 2
    assert play.now >= 30


FULL = Streams(open=16)
FAR_BACK = WAITING.model_copy(update={"position_in_queue": 16})


@pytest.mark.parametrize(
    ("sentence", "first", "streams"),
    [
        ("so many are open already", WAITING, FULL),
        ("it will be long", FAR_BACK, Streams()),
    ],
)
def test_few_are_listened_to_at_once(sentence: str, first: Job, streams: Streams) -> None:
    play = Play(first, DONE, streams=streams)

    play.run()

    assert play.steps == ["look", "pause", "look"], sentence


def test_near_its_deadline_a_job_is_looked_at() -> None:
    play = Play(RUNNING)

    with pytest.raises(errors.WaitedTooLong):
        play.run(timeout_seconds=2)

    assert "listen" not in play.steps
    assert play.now < 2.5


def test_a_stream_is_left_when_the_deadline_comes_near() -> None:
    play = Play(RUNNING, DONE, heard=[None, HELLO])
    take = play._take

    def take_slowly(step: Step) -> object:
        play.now += 15 if isinstance(step, Hear) else 0
        return take(step)

    play._take = take_slowly  # type: ignore[method-assign]

    assert play.run(timeout_seconds=30) == DONE
    assert play.steps == ["look", "listen", "hear", "pause", "look"]


def test_a_server_that_is_away_is_waited_for() -> None:
    play = Play(RUNNING, LOST, errors.ServerBusy("starting"), DONE, heard=[None, HELLO, LOST])

    assert play.run() == DONE
    assert play.streams.are_there


def test_a_server_that_stays_away_ends_the_wait() -> None:
    play = Play(RUNNING, LOST, heard=[None, HELLO, LOST])

    with pytest.raises(errors.ServerUnreachable):
        play.run(patience_seconds=2)


def test_a_job_that_is_deleted_meanwhile_is_not_found() -> None:
    gone = errors.JobNotFound("gone", status=404, problem="job-not-found")
    play = Play(WAITING, gone, heard=[gone])

    with pytest.raises(errors.JobNotFound):
        play.run()

    assert play.streams.are_there


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_events_are_read_from_pieces_of_any_size(size: int) -> None:
    reader, job = EventReader(), WAITING
    content = HELLO + STATUS + b":\n\n" + PROGRESS

    for begin in range(0, len(content), size):
        job = reader.read(content[begin : begin + size], job)

    assert (job.file_name, job.progress, reader.last_event_id) == ("a\u2028b.mp3", 42, "6")


@pytest.mark.parametrize(
    "content",
    [
        event("status", "no JSON", 1),
        event("status", {"phase": "Running"}, 1),
        event("progress", "7", 1),
        event("progress", {"progress": "far"}, 1),
        event("segments", {"id": "a", "from": 0, "segments": []}, 1),
        event("of-a-newer-release", {}, 1),
        b"\xff\xfe\n\n",
    ],
)
def test_what_cannot_be_read_changes_nothing(content: bytes) -> None:
    assert EventReader().read(content, RUNNING) == RUNNING


class Streaming:
    """A server whose stream comes in two pieces, after a first look."""

    def __init__(self, wrap: Callable[[Iterator[bytes]], Any]) -> None:
        self.asked: list[str] = []
        self.is_closed = False
        self._wrap = wrap

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == "/v2":
            return httpx.Response(200, json={"service": "waas", "version": "0"})
        if request.url.path.endswith("/events"):
            assert request.headers["authorization"] == "Bearer key"
            headers = {"content-type": "text/event-stream; charset=utf-8"}
            return httpx.Response(200, headers=headers, content=self._wrap(self._pieces()))
        return httpx.Response(200, json=WAITING.model_dump(mode="json", by_alias=True))

    def _pieces(self) -> Iterator[bytes]:
        try:
            yield HELLO + STATUS
            yield END
            raise AssertionError("nobody listens beyond the end")
        finally:
            self.is_closed = True


ASKED = ["/v2", "/v2/jobs/a", "/v2/jobs/a/events"]


def test_the_blocking_client_listens() -> None:
    server = Streaming(lambda pieces: pieces)
    seen: list[str] = []
    with Client(SERVER, api_key="key", transport=httpx.MockTransport(server)) as client:
        done = client.wait("a", on_change=lambda job: seen.append(job.phase))

    assert done == DONE
    assert (server.asked, seen) == (ASKED, ["Queued", "Running", "Succeeded"])


async def test_the_async_client_listens() -> None:
    async def wrap(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    server = Streaming(wrap)
    seen: list[str] = []
    async with AsyncClient(SERVER, api_key="key", transport=httpx.MockTransport(server)) as client:
        done = await client.wait("a", on_change=lambda job: seen.append(job.phase))

    assert done == DONE
    assert (server.asked, seen) == (ASKED, ["Queued", "Running", "Succeeded"])
