"""The kubelet's part: gives waiting pods to job programs, as many as there is room for."""

import asyncio
import logging
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from waas_contract.exit_codes import ExitCode, FailureReason
from waas_contract.job_environment import ItemOutcome, JobEnvironment
from waas_contract.log_lines import log_fields
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_operator.reconcile import Key
from waas_standalone import pods
from waas_standalone.batching import BatchLimits, WaitingPod, choose_batch
from waas_standalone.capacity import Slot, has_room
from waas_standalone.data_folder import DataFolder, sweep
from waas_standalone.endings import Disruption, PodEnding, ending_of
from waas_standalone.errors import DatabaseFailed, RecordUnreadable
from waas_standalone.job_process import JobProcess, RunFolder, end_orphans
from waas_standalone.records import Kind, Records, Transaction, WaitingRow
from waas_standalone.run import Run

logger = logging.getLogger(__name__)

_LINE_LENGTH = 200
"""Pods from the front of the line that a batch is chosen from."""

_PAUSE_SECONDS = 5.0
"""Before another try after one that this machine did not allow."""


@dataclass(frozen=True)
class Workplace:
    """Where programs run, and with what."""

    folder: DataFolder
    model_directory: Path
    namespace: str
    slots: Sequence[Slot]
    memory_bytes: int | None = None
    """What programs may need together; None for no bound."""

    measure_need: Callable[[str], int] = lambda _: 0
    """Tells how many bytes of memory a program with a model needs, by the model's name."""

    limits: BatchLimits = field(default_factory=BatchLimits)


@dataclass(frozen=True)
class Taken:
    """A pod that has left the line, with all that its program needs."""

    name: str
    environment: JobEnvironment
    secret: dict[str, bytes]

    @property
    def item_name(self) -> str:
        """Return the name of its TranscriptionJob."""
        return self.environment.items[0].name


class Runner:
    """Runs pods until it is stopped; `clean_up` comes first."""

    def __init__(
        self, records: Records, workplace: Workplace, measure: Callable[[str], int]
    ) -> None:
        """Take what tells the length of an object by its key."""
        self._records = records
        self._workplace = workplace
        self._measure = measure
        self._free_slots = list(workplace.slots)
        self._runs: dict[str, Run] = {}
        self._needs: dict[str, int] = {}
        """Bytes of memory that each program needs, by its run."""

        self._is_stopping = False
        self._is_wanted = asyncio.Event()

    def notice(self, key: Key) -> None:
        """Look again, for something was written about a TranscriptionJob."""
        self._is_wanted.set()
        for run in self._runs.values():
            if key.name in run.pod_names:
                run.touch()

    async def clean_up(self) -> None:
        """Put right what a server that is gone has left; nothing may be started before."""
        ended = await asyncio.to_thread(end_orphans, self._workplace.folder.runs)
        if ended:
            logger.warning("ended job programs of a server that is gone: %s", ended)
        namespace = self._workplace.namespace
        await self._records.run(lambda at: _take_back_pods(at, namespace))
        await asyncio.to_thread(sweep, self._workplace.folder)

    async def run_forever(self) -> None:
        """Start programs whenever there is one to start and room for it, until `stop`."""
        self._is_wanted.set()
        async with asyncio.TaskGroup() as group:
            while not self._is_stopping:
                await self._is_wanted.wait()
                self._is_wanted.clear()
                try:
                    await self._fill_slots(group)
                except DatabaseFailed:
                    logger.exception("cannot see who waits")
                    await asyncio.sleep(_PAUSE_SECONDS)
                    self._is_wanted.set()

    def stop(self) -> None:
        """Start nothing any more, and end what runs; `run_forever` returns when that is done."""
        self._is_stopping = True
        self._is_wanted.set()
        for run in self._runs.values():
            run.stop()

    async def _fill_slots(self, group: asyncio.TaskGroup) -> None:
        while self._free_slots and not self._is_stopping:
            batch = await self._choose()
            if not batch:
                return
            model = batch[0].environment.model
            need = await asyncio.to_thread(self._workplace.measure_need, model)
            if not has_room(self._workplace.memory_bytes, self._needs.values(), need):
                # The first in line waits, and not in vain: each program that ends wakes us.
                return
            run_id = uuid4().hex
            taken = await self._take(batch, run_id)
            if not taken:
                # They were taken away meanwhile, of which we have been told.
                return
            self._needs[run_id] = need
            group.create_task(self._run(run_id, taken, self._free_slots.pop(0)))

    async def _choose(self) -> tuple[WaitingPod, ...]:
        """Return what the next program gets; what nobody can read ends here."""
        namespace = self._workplace.namespace
        rows = await self._records.run(lambda at: at.list_waiting_pods(namespace, _LINE_LENGTH))
        waiting = []
        for row in rows:
            try:
                waiting.append(self._describe(row))
            except RecordUnreadable:
                await self._end_unreadable(row.pod["metadata"]["name"])
        return choose_batch(waiting, self._workplace.limits, free_slots=len(self._free_slots))

    async def _take(self, batch: Sequence[WaitingPod], run_id: str) -> tuple[Taken, ...]:
        namespace = self._workplace.namespace
        secrets = await self._records.run(lambda at: _assign(at, namespace, batch, run_id))
        return tuple(
            Taken(pod.name, pod.environment, secrets[pod.name])
            for pod in batch
            if pod.name in secrets
        )

    async def _end_unreadable(self, pod_name: str) -> None:
        logger.exception("a pod cannot be run", extra=log_fields(pod=pod_name))
        namespace = self._workplace.namespace
        await self._records.run(lambda at: _end_unreadable(at, namespace, pod_name))

    def _describe(self, row: WaitingRow) -> WaitingPod:
        if row.audio_key is None:
            raise RecordUnreadable("a TranscriptionJob does not say where its recording is")
        return WaitingPod(
            name=row.pod["metadata"]["name"],
            environment=pods.read_environment(row.job),
            place=row.place,
            rank=row.rank,
            audio_bytes=self._measure(row.audio_key),
            has_failed_before=row.has_failed_before,
        )

    async def _run(self, run_id: str, taken: Sequence[Taken], slot: Slot) -> None:
        try:
            run = await self._start(run_id, taken, slot)
            self._runs[run_id] = run
            if self._is_stopping:
                run.stop()
            await run.follow()
        except OSError as error:
            # A disk without room, most likely. The pods go back to their places in the line.
            logger.exception("a job program could not be started", extra=log_fields(run=run_id))
            await self._take_back(run_id, f"No job program can be started: {error.strerror}.")
        except DatabaseFailed:
            # We are stopping, and the next server will put it right.
            logger.exception("the end of a job program is not kept", extra=log_fields(run=run_id))
        finally:
            self._runs.pop(run_id, None)
            del self._needs[run_id]
            self._free_slots.append(slot)
            self._is_wanted.set()

    async def _take_back(self, run_id: str, message: str) -> None:
        """Put pods back into the line, however long the disk is full, and pause."""
        namespace = self._workplace.namespace
        while not self._is_stopping:
            try:
                await self._records.run(lambda at: _take_back_pods(at, namespace, run_id, message))
            except DatabaseFailed as error:
                logger.warning("%s", error, extra=log_fields(run=run_id))
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                await asyncio.sleep(_PAUSE_SECONDS)
                return

    async def _start(self, run_id: str, taken: Sequence[Taken], slot: Slot) -> Run:
        folder = RunFolder(self._workplace.folder.runs / run_id)
        environment = folder.environment(_merge(taken), self._workplace.model_directory)
        logs = self._workplace.folder.logs

        def start() -> JobProcess:
            files = {name: content for pod in taken for name, content in pod.secret.items()}
            folder.lay_out(files, [logs / pod.item_name / f"{pod.name}.log" for pod in taken])
            return JobProcess.start(environment, folder, slot)

        try:
            process = await asyncio.to_thread(start)
        except OSError:
            folder.remove()
            raise
        logger.info(
            "a job program has started",
            extra=log_fields(run=run_id, pid=process.pid, slot=slot.number, items=len(taken)),
        )
        return Run(
            run_id=run_id,
            namespace=self._workplace.namespace,
            pod_names={pod.item_name: pod.name for pod in taken},
            folder=folder,
            process=process,
            records=self._records,
        )


def _merge(taken: Sequence[Taken]) -> JobEnvironment:
    items = tuple(item for pod in taken for item in pod.environment.items)
    return taken[0].environment.model_copy(update={"items": items})


def _assign(
    at: Transaction, namespace: str, batch: Sequence[WaitingPod], run_id: str
) -> dict[str, dict[str, bytes]]:
    """Take the pods that still wait, and return the files of each one's Secret."""
    files: dict[str, dict[str, bytes]] = {}
    for waiting in batch:
        pod = at.get(Kind.POD, namespace, waiting.name)
        if pod is None or pod["status"]["phase"] != "Pending" or "nodeName" in pod["spec"]:
            continue
        # The Job's Secret has the Job's name.
        secret = at.get(Kind.SECRET, namespace, pod["metadata"]["ownerReferences"][0]["name"])
        data = secret["data"] if secret else {}
        files[waiting.name] = {name: b64decode(content) for name, content in data.items()}
        at.replace(Kind.POD, pods.assign(pod, run_id))
    return files


def _end_unreadable(at: Transaction, namespace: str, name: str) -> None:
    """End a pod that cannot be run, as its program would if it could not read its environment."""
    pod = at.get(Kind.POD, namespace, name)
    if pod is None or pod["status"]["phase"] != "Pending":
        return
    outcome = ItemOutcome(
        name=pod["metadata"]["labels"][TRANSCRIPTION_JOB_LABEL],
        reason=FailureReason.BAD_CONFIGURATION,
        message="The job was kept in a form that this release cannot read. Send it again.",
    )
    at.replace(Kind.POD, pods.end(pod, ending_of(outcome), at.now))


def _take_back_pods(
    at: Transaction,
    namespace: str,
    run_id: str | None = None,
    message: str = pods.WAITING_MESSAGE,
) -> None:
    """Put the pods of a program that is not there, or of all programs, back into the line."""
    for row in at.list_in_phases(Kind.POD, namespace, ("Pending", "Running")):
        pod = row.resource
        if not pods.is_begun(pod) or run_id not in (None, pod["spec"]["nodeName"]):
            continue
        if "deletionTimestamp" in pod["metadata"]:
            at.delete(Kind.POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
        elif pod["status"]["phase"] == "Running":
            lost = PodEnding(ExitCode.INTERRUPTED, disruption=Disruption.SERVER_STOPPED)
            at.replace(Kind.POD, pods.end(pod, lost, at.now))
        else:
            at.replace(Kind.POD, pods.release(pod, message))
