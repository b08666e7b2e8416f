"""Which pods a runner takes; the programs are stand-ins that wait until they are told to end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.api_builders import make_spec
from support.builders import NOW
from waas_contract.job_environment import JobEnvironment
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import Source
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import Resource
from waas_standalone import runner
from waas_standalone.capacity import GIBIBYTE, Slot
from waas_standalone.cluster import LocalCluster
from waas_standalone.data_folder import open_data_folder
from waas_standalone.database import Database
from waas_standalone.job_control import JobControl
from waas_standalone.job_process import JobProcess
from waas_standalone.object_folder import FolderNotes
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.runner import Runner, Workplace
from waas_standalone.service import build_reconcile_settings
from waas_standalone.settings import Settings
from waas_standalone.transcription_jobs import LocalTranscriptionJobs


@dataclass
class StandIn:
    """A program that does nothing."""

    environment: JobEnvironment
    return_code: int | None = None
    pid: int = 0

    def poll(self) -> int | None:
        return self.return_code

    def send(self, _: int) -> None:
        self.return_code = self.return_code or 143


@dataclass
class Server:
    """The records of a server, with pods that wait."""

    folder: Path
    records: Records
    looks: int = 0
    programs: list[StandIn] = field(default_factory=list)

    async def accept(self, name: str, namespace: str = "default", **spec: Any) -> None:
        source = Source(key=audio_key(namespace, name, "clip.flac"))
        jobs = LocalTranscriptionJobs(namespace, self.records)
        await jobs.create(name, make_spec(**{"source": source, **spec}))
        settings = build_reconcile_settings(Settings(data=self.folder, namespace=namespace))
        notes = FolderNotes(self.folder, self.folder)
        reconciler = Reconciler(LocalCluster(self.records), notes, settings, lambda: NOW)
        key = Key(namespace, name)
        for _ in range(4):
            await reconciler.reconcile(key)
            await JobControl(self.records).control(key)

    async def change(self, kind: Kind, name: str, change: Callable[[Resource], Resource]) -> None:
        def write(at: Transaction) -> None:
            (known,) = at.list_of_owner(kind, "default", name)
            at.replace(kind, change(known))

        await self.records.run(write)

    async def pod(self, name: str) -> Resource:
        (pod,) = await self.records.run(lambda at: at.list_of_owner(Kind.POD, "default", name))
        return pod

    def taken(self) -> list[tuple[str, ...]]:
        return [tuple(item.name for item in program.environment.items) for program in self.programs]

    @asynccontextmanager
    async def running(self, **workplace: Any) -> AsyncIterator[Runner]:
        data = open_data_folder(self.folder / "data")
        slots = (Slot(0, (0,)), Slot(1, (1,)))
        given = {"namespace": "default", "slots": slots, **workplace}
        made = Runner(self.records, Workplace(data, self.folder, **given), lambda _: 0)
        self.records.listen(made.notice)
        task = asyncio.create_task(made.run_forever())
        try:
            yield made
        finally:
            made.stop()
            await task
            data.close()


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    database = Database(tmp_path / "waas.sqlite")
    made = Server(tmp_path, Records(database, lambda: NOW))

    def start(environment: JobEnvironment, *_: object) -> StandIn:
        made.programs.append(StandIn(environment))
        return made.programs[-1]

    monkeypatch.setattr(JobProcess, "start", start)
    look = Transaction.list_waiting_pods

    def count(at: Transaction, *arguments: Any) -> Any:
        made.looks += 1
        return look(at, *arguments)

    monkeypatch.setattr(Transaction, "list_waiting_pods", count)
    yield made
    database.close()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0.01)


def has_started(server: Server, programs: int) -> bool:
    return len(server.programs) == programs


async def test_the_priority_of_this_moment_goes_before_age(server: Server) -> None:
    for name, priority in (("low", "low"), ("first", "normal"), ("high", "high")):
        await server.accept(name, priority=priority, model=f"model-{name}")
    await server.accept("second", model="model-second")

    def raise_priority(job: Resource) -> Resource:
        return {**job, "spec": {**job["spec"], "priority": "high"}}

    await server.change(Kind.TRANSCRIPTION_JOB, "second", raise_priority)
    async with server.running(slots=(Slot(0, (0,)),)):
        for number in range(1, 5):
            await until(partial(has_started, server, number))
            server.programs[-1].return_code = 1

    assert server.taken() == [("high",), ("second",), ("first",), ("low",)]


async def test_pods_of_another_namespace_are_left_alone(server: Server) -> None:
    await server.accept("theirs", "before")
    async with server.running():
        await server.accept("ours")
        await until(lambda: server.taken() == [("ours",)])
        await asyncio.sleep(0.1)
        assert server.taken() == [("ours",)]
        assert server.looks < 50


async def test_pods_that_nobody_can_take_do_not_keep_it_busy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_assign", lambda *_: {})
    await server.accept("a")
    async with server.running():
        await asyncio.sleep(0.1)
        assert server.looks < 5


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.JOB, lambda job: {**job, "spec": {**job["spec"], "template": {"spec": {}}}}),
        (Kind.JOB, lambda job: {**job, "spec": {**job["spec"], "template": _without_model(job)}}),
        (Kind.TRANSCRIPTION_JOB, lambda job: {**job, "spec": {}}),
    ],
)
async def test_what_cannot_be_read_fails_and_stops_nobody(
    server: Server, kind: Kind, change: Callable[[Resource], Resource]
) -> None:
    for name in ("a", "b"):
        await server.accept(name)
    await server.change(kind, "a", change)

    async with server.running():
        await until(lambda: server.taken() == [("b",)])

    status = (await server.pod("a"))["status"]
    assert status["phase"] == "Failed"
    terminated = status["containerStatuses"][0]["state"]["terminated"]
    assert terminated["exitCode"] == 78
    assert "BadConfiguration" in terminated["message"]


def _without_model(job: Resource) -> Resource:
    template: Resource = job["spec"]["template"]
    (container,) = template["spec"]["containers"]
    variables = [each for each in container["env"] if each["name"] != "WAAS_MODEL"]
    return {"spec": {"containers": [{**container, "env": variables}]}}


async def test_a_program_waits_until_its_own_model_fits(server: Server) -> None:
    needs = {"tiny": GIBIBYTE, "large-v3": 6 * GIBIBYTE}
    await server.accept("small", model="tiny")
    await server.accept("large", model="large-v3")
    await server.accept("small-again", model="tiny")
    async with server.running(memory_bytes=6 * GIBIBYTE, measure_need=needs.__getitem__):
        await until(lambda: len(server.programs) == 1)
        await asyncio.sleep(0.1)
        assert server.taken() == [("small",)]

        server.programs[0].return_code = 1
        await until(lambda: len(server.programs) == 2)
        assert server.taken()[1] == ("large",)
