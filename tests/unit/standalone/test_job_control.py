"""The operator's own reconcile on the records, with the Job control beside it and no programs."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.api_builders import make_spec
from support.builders import NOW, make_manifest
from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome
from waas_contract.job_status import Phase
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.object_keys import audio_key, manifest_key
from waas_contract.transcription_job import Source, TranscriptionJob
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import Resource
from waas_standalone import pods
from waas_standalone.cluster import LocalCluster
from waas_standalone.database import Database
from waas_standalone.endings import Disruption, PodEnding, ending_of
from waas_standalone.job_control import JobControl
from waas_standalone.object_folder import FolderNotes
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.service import build_reconcile_settings
from waas_standalone.settings import Settings
from waas_standalone.transcription_jobs import LocalTranscriptionJobs

KEY = Key("default", "a")
BAD = ItemOutcome(name="a", reason=FailureReason.BAD_AUDIO, message="There is no sound.")


class Machine:
    """One TranscriptionJob and what a runner would do about its pods."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.database = Database(folder / "waas.sqlite")
        self.records = Records(self.database, self._clock)
        self.jobs = LocalTranscriptionJobs("default", self.records)
        self._reconciler = Reconciler(
            LocalCluster(self.records),
            FolderNotes(folder / "objects", folder / "unfinished"),
            build_reconcile_settings(Settings(data=folder)),
            self._clock,
        )
        self._control = JobControl(self.records)

    def _clock(self) -> datetime:
        return self.now

    async def accept(self, **spec: Any) -> None:
        source = Source(key=audio_key("default", "a", "clip.flac"))
        await self.jobs.create("a", make_spec(**{"source": source, **spec}))
        await self.settle()

    async def change(self, **spec: Any) -> None:
        def write(at: Transaction) -> None:
            job = at.get(Kind.TRANSCRIPTION_JOB, "default", "a")
            assert job is not None
            at.replace(Kind.TRANSCRIPTION_JOB, {**job, "spec": {**job["spec"], **spec}})

        await self.records.run(write)
        await self.settle()

    async def settle(self) -> None:
        """Look at the job until nothing changes any more, as events would have it."""
        for _ in range(8):
            await self._reconciler.reconcile(KEY)
            await self._control.control(KEY)

    async def job(self) -> TranscriptionJob:
        return await self.jobs.get("a")

    async def kept(self, kind: Kind) -> list[Resource]:
        return await self.records.run(lambda at: at.list_of_owner(kind, "default", "a"))

    async def start_pod(self) -> None:
        await self._change_pod(lambda at, pod: pods.start(pods.assign(pod, "run"), at.now))

    async def end_pod(self, ending: PodEnding) -> None:
        await self._change_pod(lambda at, pod: pods.end(pod, ending, at.now))

    async def program_ends(self) -> None:
        """Remove the pods that were to go, as a runner does."""

        def remove(at: Transaction) -> None:
            for pod in at.list_of_owner(Kind.POD, "default", "a"):
                if "deletionTimestamp" in pod["metadata"]:
                    at.delete(Kind.POD, "default", pod["metadata"]["name"])

        await self.records.run(remove)
        await self.settle()

    async def _change_pod(self, change: Any) -> None:
        def write(at: Transaction) -> None:
            live = [
                pod
                for pod in at.list_of_owner(Kind.POD, "default", "a")
                if pod["status"]["phase"] in ("Pending", "Running")
            ]
            at.replace(Kind.POD, change(at, live[0]))

        await self.records.run(write)
        await self.settle()

    async def store_manifest(self) -> None:
        path = self.folder / "objects" / manifest_key("default", "a")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(make_manifest(await self.job()).to_wire()))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.database.close()


async def test_an_accepted_job_has_one_pod_that_waits(machine: Machine) -> None:
    await machine.accept()

    (pod,) = await machine.kept(Kind.POD)
    (job,) = await machine.kept(Kind.JOB)
    assert (pod["status"]["phase"], "nodeName" in pod["spec"]) == ("Pending", False)
    assert pods.read_environment(job).items[0].name == "a"
    assert (await machine.job()).phase is Phase.QUEUED


async def test_a_job_that_succeeded_leaves_its_record_alone(machine: Machine) -> None:
    await machine.accept()
    await machine.start_pod()
    assert (await machine.job()).phase is Phase.RUNNING

    await machine.store_manifest()
    await machine.end_pod(ending_of(ItemOutcome(name="a")))

    assert (await machine.job()).phase is Phase.SUCCEEDED
    for kind in (Kind.JOB, Kind.POD, Kind.SECRET):
        assert await machine.kept(kind) == []


async def test_bad_audio_fails_with_the_programs_words(machine: Machine) -> None:
    await machine.accept()
    await machine.start_pod()

    await machine.end_pod(ending_of(BAD))

    status = (await machine.job()).status
    assert status is not None
    assert (status.phase, status.conditions[-1].reason) == (Phase.FAILED, "BadAudio")
    assert status.conditions[-1].message == "There is no sound."
    assert await machine.kept(Kind.JOB) == []


async def test_a_crash_is_tried_again_after_a_while(machine: Machine) -> None:
    await machine.accept()
    await machine.start_pod()
    await machine.end_pod(PodEnding(137))
    assert (await machine.job()).phase is Phase.QUEUED
    assert len(await machine.kept(Kind.POD)) == 1

    machine.now += timedelta(seconds=11)
    await machine.settle()

    assert len(await machine.kept(Kind.POD)) == 2


async def test_every_attempt_that_crashes_is_one_less(machine: Machine) -> None:
    await machine.accept(backoff_limit=1)
    for _ in range(2):
        await machine.start_pod()
        await machine.end_pod(PodEnding(137))
        machine.now += timedelta(seconds=61)
        await machine.settle()

    status = (await machine.job()).status
    assert status is not None
    assert status.phase is Phase.FAILED
    assert status.conditions[-1].reason == "BackoffLimitExceeded"


async def test_a_server_that_stopped_costs_no_attempt(machine: Machine) -> None:
    await machine.accept(backoff_limit=0)
    for _ in range(3):
        await machine.start_pod()
        await machine.end_pod(PodEnding(143, disruption=Disruption.SERVER_STOPPED))

    waiting = [pod for pod in await machine.kept(Kind.POD) if pod["status"]["phase"] == "Pending"]
    assert len(waiting) == 1
    assert (await machine.job()).phase is Phase.QUEUED


async def test_one_that_waits_is_cancelled_at_once(machine: Machine) -> None:
    await machine.accept()

    await machine.change(cancelled=True)

    assert (await machine.job()).phase is Phase.CANCELLED
    assert await machine.kept(Kind.POD) == []


async def test_one_that_runs_is_cancelled_when_its_program_has_ended(machine: Machine) -> None:
    await machine.accept()
    await machine.start_pod()

    await machine.change(cancelled=True)
    assert (await machine.job()).phase is Phase.RUNNING
    await machine.program_ends()

    assert (await machine.job()).phase is Phase.CANCELLED
    assert await machine.kept(Kind.JOB) == []


async def test_suspension_costs_no_attempt(machine: Machine) -> None:
    await machine.accept(backoff_limit=0)
    await machine.start_pod()

    await machine.change(suspend=True)
    await machine.program_ends()
    assert (await machine.job()).phase is Phase.SUSPENDED
    await machine.change(suspend=False)

    assert (await machine.job()).phase is Phase.QUEUED
    assert len(await machine.kept(Kind.POD)) == 1


async def test_a_deadline_ends_the_program_and_then_the_job(machine: Machine) -> None:
    await machine.accept(active_deadline_seconds=60)
    await machine.start_pod()

    machine.now += timedelta(seconds=61)
    await machine.settle()
    assert (await machine.job()).phase is Phase.RUNNING
    await machine.program_ends()

    status = (await machine.job()).status
    assert status is not None
    assert (status.phase, status.conditions[-1].reason) == (Phase.FAILED, "DeadlineExceeded")


async def test_the_addresses_of_a_job_that_has_ended_go(machine: Machine) -> None:
    await machine.accept()
    await machine.start_pod()
    await machine.end_pod(ending_of(BAD))

    def leave(at: Transaction) -> None:
        labels = {TRANSCRIPTION_JOB_LABEL: "a"}
        metadata = {"name": "left", "namespace": "default", "labels": labels}
        at.create(Kind.SECRET, {"metadata": metadata, "data": {}})

    await machine.records.run(leave)
    await machine.settle()

    assert await machine.kept(Kind.SECRET) == []


async def test_what_belongs_to_a_deleted_job_goes_with_it(machine: Machine) -> None:
    await machine.accept()

    await machine.records.run(lambda at: at.delete(Kind.TRANSCRIPTION_JOB, "default", "a"))
    await machine.settle()

    for kind in (Kind.JOB, Kind.POD, Kind.SECRET):
        assert await machine.kept(kind) == []
