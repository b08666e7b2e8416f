"""What becomes of pods that are deleted while a program has them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.builders import NOW
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_operator.seams import Resource
from waas_standalone import pods
from waas_standalone.cluster import mark_deleted
from waas_standalone.database import Database
from waas_standalone.job_process import RunFolder
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.run import Run

ITEMS = ("a", "b", "c")


@dataclass
class StandIn:
    """A program that ends only when it is told to."""

    signals: list[int] = field(default_factory=list)

    def poll(self) -> int | None:
        return 143 if self.signals else None

    def send(self, number: int) -> None:
        self.signals.append(number)


@dataclass
class Stage:
    records: Records
    run: Run
    program: StandIn

    def say(self, *names: str) -> None:
        outcomes = tuple(ItemOutcome(name=name) for name in names)
        text = TerminationMessage(outcomes=outcomes).to_text()
        self.run.folder.last_words.write_text(text)

    async def delete(self, name: str) -> None:
        await self.records.run(lambda at: mark_deleted(at, Kind.POD, "default", name))
        self.run.touch()

    async def pods(self) -> dict[str, str]:
        def read(at: Transaction) -> dict[str, str]:
            found = {name: at.get(Kind.POD, "default", name) for name in ITEMS}
            return {name: pod["status"]["phase"] for name, pod in found.items() if pod}

        return await self.records.run(read)


def make_pod(name: str) -> Resource:
    labels = {TRANSCRIPTION_JOB_LABEL: name}
    metadata = {"name": name, "namespace": "default", "labels": labels}
    pod = {"metadata": metadata, "spec": {}, "status": {"phase": "Pending"}}
    return pods.assign(pod, "run")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    database = Database(tmp_path / "waas.sqlite")
    records = Records(database, lambda: NOW)
    await records.run(lambda at: [at.create(Kind.POD, make_pod(name)) for name in ITEMS])
    folder = RunFolder(tmp_path / "run")
    folder.lay_out({f"{name}.json": b"{}" for name in ITEMS}, [])
    program: Any = StandIn()
    run = Run("run", "default", {name: name for name in ITEMS}, folder, program, records)
    yield Stage(records, run, program)
    database.close()


async def test_one_that_the_program_has_not_come_to_is_withdrawn(stage: Stage) -> None:
    await stage.delete("b")

    await stage.run._heed_deletions()

    assert stage.program.signals == []
    assert set(await stage.pods()) == {"a", "c"}
    assert not (stage.run.folder.urls / "b.json").exists()


async def test_one_that_the_program_has_just_come_to_ends_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.delete("b")
    unlink = Path.unlink

    def come_to_it(path: Path, *, missing_ok: bool = False) -> None:
        # It has read the URLs when we remove them.
        stage.say("a")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", come_to_it)
    async with asyncio.timeout(10):
        await stage.run.follow()

    assert stage.program.signals
    # It could not be taken back, so it went with its program; the next one had not begun.
    assert await stage.pods() == {"a": "Succeeded", "c": "Pending"}


async def test_a_word_that_is_being_written_is_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.delete("b")
    stage.run.folder.last_words.write_text("")

    async def go_on(_: float) -> None:
        stage.say("a")

    monkeypatch.setattr(asyncio, "sleep", go_on)
    await stage.run._heed_deletions()

    assert stage.program.signals
    assert "b" in await stage.pods()


async def test_one_that_has_ended_meanwhile_keeps_its_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.delete("b")
    unlink = Path.unlink

    def be_done(path: Path, *, missing_ok: bool = False) -> None:
        stage.say("a", "b")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", be_done)
    await stage.run._heed_deletions()

    assert stage.program.signals == []
    assert "b" in stage.run.pod_names
