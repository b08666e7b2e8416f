"""The live events: what is told, when, from which place on, and how it ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.api_builders import JOB_ID, NAMESPACE, NOW, Api, make_settings, make_spec, make_status
from support.api_builders import wait_for as wait_until
from support.event_reading import Event, parse_events
from waas_api.http.live_streams import LiveStreams
from waas_api.jobs.changes import Subscription
from waas_api.jobs.event_streams import Audience, follow_all, follow_job
from waas_api.jobs.events import Known, find_first_news
from waas_api.jobs.forecasts import Forecasts
from waas_api.transcripts.partial_segments import PartialReaders
from waas_contract.job_status import (
    AudioStatus,
    Phase,
    Progress,
)
from waas_contract.object_keys import partial_key
from waas_contract.transcript import Segment

KEY = partial_key(NAMESPACE, JOB_ID)


class Listener:
    """Reads a stream in the background."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.text = ""
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        async for piece in stream:
            self.text += piece.decode()

    @property
    def events(self) -> list[Event]:
        return parse_events(self.text)

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.events]

    async def wait_for(self, *types: str) -> None:
        await wait_until(lambda: self.types == list(types), f"{types}, not {self.types}")


class Stage:
    """An api's jobs and storage, with listeners."""

    def __init__(self) -> None:
        self.api = Api()
        self.moment = 0.0
        self.streams = LiveStreams(10)
        self.readers = PartialReaders(
            self.api.storage, largest_bytes=10_000, monotonic=lambda: self.moment
        )
        self.listeners: list[Listener] = []

    def put(self, phase: Phase | None, name: str = JOB_ID, **changes: Any) -> None:
        owner = changes.pop("owner", None)
        status = None if phase is None else make_status(phase, **changes)
        self.api.jobs.put(name, make_spec(owner=owner), status)

    def put_running(self, seconds: float) -> None:
        self.put(
            Phase.RUNNING,
            start_time=NOW,
            progress=Progress(percent=int(seconds), processed_seconds=seconds),
            audio=AudioStatus(duration_seconds=100),
        )
        self.moment += 2

    def put_segments(self, *texts: str, **more: str) -> None:
        segments = [
            {"id": place, "start": place, "end": place + 1, "text": text, **more}
            for place, text in enumerate(texts)
        ]
        content = {"language": "no", "segments": segments}
        self.api.storage.objects[KEY] = json.dumps(content).encode()

    async def audience(self) -> Audience:
        index = await self.api.jobs.index()
        return Audience(index, Forecasts(), self.streams, lambda: NOW, lambda: self.moment)

    async def follow(self, last_event_id: str | None = None) -> Listener:
        events = follow_job(
            await self.audience(), self.readers, NAMESPACE, JOB_ID, Known.parse(last_event_id)
        )
        self.listeners.append(Listener(events))
        return self.listeners[-1]

    async def follow_all(self, owner: str | None, last_event_id: str | None = None) -> Listener:
        events = follow_all(
            await self.audience(), lambda other: other == owner, Known.parse(last_event_id)
        )
        self.listeners.append(Listener(events))
        return self.listeners[-1]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.streams.close()
    for each in stage.listeners:
        await each.task


async def test_a_job_is_followed_to_its_end(stage: Stage) -> None:
    stage.put(None)
    listener = await stage.follow()
    await listener.wait_for("status")
    stage.put_running(0)
    await listener.wait_for("status", "status")
    stage.put_segments("Hei.")
    stage.put_running(10)
    await listener.wait_for("status", "status", "progress", "segments")
    stage.put(Phase.SUCCEEDED)
    await listener.wait_for("status", "status", "progress", "segments", "end")
    await listener.task

    first, _, progress, segments, end = listener.events
    assert (first.data["phase"], first.data["positionInQueue"]) == ("Pending", 0)
    assert set(progress.data) == {"id", "phase", "progress", "processedSeconds", "estimate"}
    assert progress.data["progress"] == 10
    assert segments.data == {
        "id": JOB_ID,
        "language": "no",
        "from": 0,
        "segments": [{"start": 0.0, "end": 1.0, "text": "Hei."}],
    }
    assert end.data["phase"] == "Succeeded"
    assert len(stage.streams) == 0


async def test_a_job_that_has_ended_is_told_at_once(stage: Stage) -> None:
    stage.put(Phase.FAILED)

    listener = await stage.follow()
    await listener.task

    assert listener.types == ["end"]
    assert listener.text.startswith(": waas\n")


async def test_who_speaks_is_told_also_where_that_is_all_that_is_new(stage: Stage) -> None:
    stage.put_segments("Hei.")
    stage.put_running(10)
    listener = await stage.follow()
    await listener.wait_for("status", "segments")
    stage.put_segments("Hei.", speaker="Speaker 1")
    stage.put_running(20)
    await listener.wait_for("status", "segments", "progress", "segments")

    (segment,) = listener.events[-1].data["segments"]
    assert segment == {"start": 0.0, "end": 1.0, "text": "Hei.", "speaker": "Speaker 1"}
    plain, named = (Segment(id=0, start=0, end=1, text="a", speaker=each) for each in (None, "A"))
    known = Known(7).with_segments([plain])
    assert find_first_news(known, (), [named]) == 0


async def test_only_segments_that_are_new_or_differ_are_told(stage: Stage) -> None:
    stage.put_segments("a", "b")
    stage.put_running(10)
    listener = await stage.follow()
    await listener.wait_for("status", "segments")
    stage.put_segments("a", "B", "c")
    stage.put_running(20)
    await listener.wait_for("status", "segments", "progress", "segments")

    told = listener.events[-1].data
    assert (told["from"], [each["text"] for each in told["segments"]]) == (1, ["B", "c"])


@pytest.mark.parametrize(
    ("sentence", "now", "first", "texts"),
    [
        ("what is new since then is told", ("a", "b", "c"), 2, ["c"]),
        ("what has changed since then is told from the beginning", ("A", "b", "c"), 0,
         ["A", "b", "c"]),
        ("a new attempt begins anew", ("x",), 0, ["x"]),
    ],
)  # fmt: skip
async def test_a_stream_is_taken_up_where_it_broke(
    stage: Stage, sentence: str, now: tuple[str, ...], first: int, texts: list[str]
) -> None:
    stage.put_segments("a", "b")
    stage.put_running(10)
    broken = await stage.follow()
    await broken.wait_for("status", "segments")

    stage.moment += 60
    stage.put_segments(*now)
    again = await stage.follow(broken.events[-1].id)
    await again.wait_for("segments")

    told = again.events[0].data
    assert (told["from"], [each["text"] for each in told["segments"]]) == (first, texts), sentence


async def test_another_job_that_takes_the_name_is_not_told_of(stage: Stage) -> None:
    stage.put(Phase.RUNNING, owner="ada")
    listener = await stage.follow()
    await listener.wait_for("status")

    await stage.api.jobs.delete(JOB_ID, f"uid-of-{JOB_ID}")
    stage.put(Phase.SUCCEEDED, owner="bob")

    await listener.task
    assert listener.types == ["status", "deleted"]


async def test_a_stream_ends_after_its_time(stage: Stage) -> None:
    stage.streams.longest_seconds = 60
    stage.put(Phase.RUNNING)
    listener = await stage.follow()
    await listener.wait_for("status")

    stage.moment += 60
    stage.put(Phase.RUNNING)

    await listener.task
    assert "end" not in listener.types


async def test_a_job_that_is_deleted_ends_its_stream(stage: Stage) -> None:
    stage.put(Phase.SUSPENDED)
    listener = await stage.follow()
    await listener.wait_for("status")

    await stage.api.jobs.delete(JOB_ID, f"uid-of-{JOB_ID}")
    await listener.task

    assert listener.types == ["status", "deleted"]


async def test_many_listeners_are_one_reader(stage: Stage) -> None:
    stage.put_segments("a")
    stage.put_running(10)

    listeners = [await stage.follow() for _ in range(5)]
    for each in listeners:
        await each.wait_for("status", "segments")
    assert stage.api.storage.reads.count(KEY) == 1
    stage.put_segments("a", "b")
    stage.put_running(20)
    for each in listeners:
        await each.wait_for("status", "segments", "progress", "segments")

    assert stage.api.storage.reads.count(KEY) == 2


async def test_nobody_reads_segments_where_nobody_listens(stage: Stage) -> None:
    stage.put_segments("a")
    stage.put_running(10)
    stage.put_running(20)
    await asyncio.sleep(0)

    assert stage.api.storage.reads == []


@pytest.mark.parametrize("content", [b"{", b"[]", b"x" * 20_000])
async def test_segments_that_cannot_be_read_stop_nothing(stage: Stage, content: bytes) -> None:
    stage.api.storage.objects[KEY] = content
    stage.put_running(10)
    listener = await stage.follow()
    await listener.wait_for("status")
    stage.put(Phase.SUCCEEDED)
    await listener.task

    assert listener.types == ["status", "end"]


async def test_streams_end_when_the_program_stops(stage: Stage) -> None:
    stage.put(Phase.QUEUED)
    one, every = await stage.follow(), await stage.follow_all(None)
    await one.wait_for("status")

    stage.streams.close()
    await asyncio.wait_for(asyncio.gather(one.task, every.task), 5)

    assert (one.types, len(stage.streams)) == (["status"], 0)


async def test_all_jobs_are_told_to_those_whose_business_they_are(stage: Stage) -> None:
    ada, eve = await stage.follow_all("ada"), await stage.follow_all("eve")
    await wait_until(lambda: bool(ada.text and eve.text), "both listen")
    stage.put(None, "a", owner="ada")
    await ada.wait_for("status")
    stage.put(Phase.SUCCEEDED, "a", owner="ada")
    await ada.wait_for("status", "end")
    await stage.api.jobs.delete("a", "uid-of-a")
    stage.put(None, "e", owner="eve")
    await ada.wait_for("status", "end", "deleted")
    await eve.wait_for("status")

    assert [each.data["id"] for each in ada.events] == ["a", "a", "a"]
    assert [each.data["id"] for each in eve.events] == ["e"]


async def test_what_was_missed_is_told_from_the_last_event_on(stage: Stage) -> None:
    index = await stage.api.jobs.index()
    stage.put(None, "old", owner="ada")
    known = str(index.version)
    stage.put(Phase.RUNNING, "b", owner="ada")
    stage.put(Phase.RUNNING, "gone", owner="ada")
    stage.put(Phase.SUCCEEDED, "eves", owner="eve")
    stage.put(Phase.SUCCEEDED, "a", owner="ada")
    await stage.api.jobs.delete("gone", "uid-of-gone")

    listener = await stage.follow_all("ada", known)
    await listener.wait_for("status", "end", "deleted")

    assert [each.data["id"] for each in listener.events] == ["b", "a", "gone"]
    ids = [int(each.id) for each in listener.events]
    assert ids == sorted(ids)


async def test_what_nobody_remembers_has_to_be_listed_anew(stage: Stage) -> None:
    index = await stage.api.jobs.index()
    index.begin_list()
    index.end_list(50)

    listener = await stage.follow_all(None, "49")

    await listener.wait_for("resync")


@pytest.mark.parametrize("event_id", [None, "", "x", "-1", "1-2", "1-2-xyz", "9" * 30, "1\n2"])
def test_an_id_that_is_none_of_ours_says_nothing(event_id: str | None) -> None:
    assert Known.parse(event_id) == Known()


def test_an_id_says_what_was_told() -> None:
    segments = [Segment(id=0, start=0, end=1, text="a")]
    known = Known(7).with_segments(segments)

    assert Known.parse(str(known)) == known
    assert find_first_news(known, (), segments) is None
    assert Known.parse(str(Known(7))) == Known(7)


async def test_too_many_listeners_are_told_what_to_do_instead() -> None:
    api = Api(settings=make_settings(event_streams_at_once=1))
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.SUCCEEDED))
    with api.app.state.services.live_streams.joined(Subscription()):
        answer = await api.get(f"/v2/jobs/{JOB_ID}/events")

    assert (answer.status_code, answer.json()["title"]) == (503, "Too many clients listen")
    assert answer.headers["retry-after"]


async def test_a_stream_is_served_as_one() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.SUCCEEDED))

    answer = await api.get(f"/v2/jobs/{JOB_ID}/events")
    other = await api.get("/v2/jobs/nobody/events")

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == (
        "no-store",
        "no",
    )
    assert [each.type for each in parse_events(answer.text)] == ["end"]
    assert other.status_code == 404
