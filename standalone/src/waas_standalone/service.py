"""Everything that works behind the api: the records, the reconcile, the Job control, the runner."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waas_contract.object_keys import held_prefix, uploads_prefix
from waas_operator.control_loops import consume, notice, resync_forever
from waas_operator.keeping import KEEPERS, Keeper
from waas_operator.notifications import Notifier, Senders
from waas_operator.reconcile import Key, Reconciler
from waas_operator.senders import build_senders
from waas_operator.settings import Profile, ReconcileSettings
from waas_operator.work_queue import WorkQueue
from waas_standalone.capacity import bound_memory, count_slots, need_of, share_out
from waas_standalone.cluster import LocalCluster
from waas_standalone.data_folder import open_data_folder
from waas_standalone.database import Database
from waas_standalone.errors import (
    BadSettings,
    DatabaseFailed,
    DataFolderUnusable,
    Died,
    StandaloneError,
)
from waas_standalone.job_control import JobControl
from waas_standalone.machine import look_at_machine
from waas_standalone.models import measure_model_if_there
from waas_standalone.object_folder import FolderNotes, FolderObjectStorage
from waas_standalone.records import Kind, Records, Row
from waas_standalone.runner import Runner, Workplace
from waas_standalone.settings import Settings
from waas_standalone.transcription_jobs import LocalTranscriptionJobs
from waas_standalone.unclaimed import put_unclaimed_aside, remove_what_nobody_missed

logger = logging.getLogger(__name__)

_RECONCILERS = 4
_PAGE = 200
_PAUSE_SECONDS = 5.0
_LONGEST_STOP_SECONDS = 40.0
"""A program gets 30 to end before it is killed."""


def _now() -> datetime:
    return datetime.now(UTC)


def _now_in_whole_seconds() -> datetime:
    return _now().replace(microsecond=0)


class LocalService:
    """The service on this machine; `close` comes last."""

    def __init__(self, settings: Settings, model_bytes: int) -> None:
        """Take the data folder for ourselves; raises StandaloneError."""
        senders = _build_senders(settings)
        self._folder = open_data_folder(settings.data)
        try:
            self._database = Database(self._folder.database)
        except StandaloneError:
            self._folder.close()
            raise
        self._records = records = Records(self._database, _now)
        self._namespace = settings.namespace
        machine = look_at_machine(settings.device)
        count = settings.processes or count_slots(machine, model_bytes)
        slots = share_out(machine, count)
        models = settings.model_directory.absolute()
        logger.info("room for %d job programs at a time", len(slots))
        notes = FolderNotes(self._folder.objects, self._folder.unfinished)
        self.transcription_jobs = LocalTranscriptionJobs(settings.namespace, records)
        self.object_storage = FolderObjectStorage(self._folder.objects, self._folder.unfinished)
        self._settings = build_reconcile_settings(settings)
        self._cluster = LocalCluster(records)
        self._reconcile_queue: WorkQueue[Key] = WorkQueue()
        self._control_queue: WorkQueue[Key] = WorkQueue()
        self._ended_queue: WorkQueue[Key] = WorkQueue()
        self._notification_queue: WorkQueue[Key] = WorkQueue()
        self._reconciler = Reconciler(
            self._cluster,
            notes,
            self._settings,
            _now_in_whole_seconds,
            hand_over=self._ended_queue.add,
        )
        self._keeper = Keeper(
            self._cluster,
            notes,
            self._settings,
            _now_in_whole_seconds,
            tell=self._notification_queue.add,
            # The lock of the folder keeps a second one out.
            holder="operator",
        )
        self._notifier = Notifier(self._cluster, senders, settings, _now_in_whole_seconds)
        self._notification_concurrency = settings.notification_concurrency
        self._control = JobControl(records)
        workplace = Workplace(
            folder=self._folder,
            model_directory=models,
            namespace=settings.namespace,
            slots=slots,
            memory_bytes=bound_memory(machine, count, model_bytes),
            measure_need=lambda model: need_of(measure_model_if_there(models, model)),
        )
        self._runner = Runner(records, workplace, notes.measure)
        for listener in (self._reconcile_queue.add, self._control_queue.add, self._runner.notice):
            records.listen(listener)
        self._tasks: list[asyncio.Task[None]] = []
        self._death: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Put right what an earlier server left, then begin to work."""
        try:
            await self._runner.clean_up()
            await self._put_unclaimed_aside()
        except OSError as error:
            raise DataFolderUnusable(
                f"The data folder {self._folder.path} cannot be used: {error}."
            ) from error
        self._death = asyncio.get_running_loop().create_future()
        self._spawn("runner", self._runner.run_forever())
        for _ in range(_RECONCILERS):
            self._spawn("reconcile", consume(self._reconcile_queue, self._reconciler.reconcile))
        for _ in range(KEEPERS):
            self._spawn("upkeep", consume(self._ended_queue, self._keeper.look_after))
        for _ in range(self._notification_concurrency):
            self._spawn("notifications", consume(self._notification_queue, self._notifier.notify))
        self._spawn("Job control", consume(self._control_queue, self._control.control))
        for queue in (self._reconcile_queue, self._control_queue):
            self._spawn("resync", self._resync(queue))
        await self._queue_leftovers()
        self._spawn("retention", self._notice_all())

    async def _queue_leftovers(self) -> None:
        """Look at all that anything belongs to: no resync does, once the job has ended."""
        for name in await self._records.run(lambda at: at.list_owners(self._namespace)):
            for queue in (self._reconcile_queue, self._control_queue):
                queue.add(Key(self._namespace, name))

    async def _notice_all(self) -> None:
        """See each job once, as an informer would: what has ended may have a time to live."""
        before: int | None = None
        while True:
            try:
                rows = await self._list_older_than(before)
            except DatabaseFailed as error:
                logger.warning("cannot see which jobs there are: %s", error)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if not rows:
                return
            now = _now_in_whole_seconds()
            for row in rows:
                notice(self._reconcile_queue, self._ended_queue, row.resource, self._settings, now)
            before = rows[-1].sequence

    async def _list_older_than(self, before: int | None) -> list[Row]:
        return await self._records.run(
            lambda at: at.list_page(
                Kind.TRANSCRIPTION_JOB, self._namespace, limit=_PAGE, before=before
            )
        )

    async def _put_unclaimed_aside(self) -> None:
        namespace = self._namespace
        listed = await self._records.run(
            lambda at: at.list_names(Kind.TRANSCRIPTION_JOB, namespace)
        )
        names = set(listed)
        tenant = self._folder.objects / namespace
        # Recordings whose last piece has come, perhaps, but not yet their job.
        uploads = self._folder.objects / uploads_prefix(namespace)
        held = self._folder.objects / held_prefix(namespace)
        names |= {uploads.name, held.name, *await asyncio.to_thread(_list_names, uploads)}
        lost_and_found = self._folder.lost_and_found / namespace
        reason = await self._cluster.check_clock(_now())
        if reason is not None:
            has_lost = await asyncio.to_thread(lost_and_found.is_dir)
            # Where there is nothing yet, nobody need know.
            if listed or has_lost:
                logger.warning("nothing that is old is deleted: %s", reason)
        else:
            removed = await asyncio.to_thread(
                remove_what_nobody_missed, lost_and_found, time.time()
            )
            if removed:
                logger.warning("removed %d recordings that nobody missed in a month", len(removed))
        moved = await asyncio.to_thread(put_unclaimed_aside, tenant, names, lost_and_found)
        if moved:
            places = [str(each) for each in moved]
            logger.warning("put recordings aside that no job is known for: %s", places)

    async def _resync(self, queue: WorkQueue[Key]) -> None:
        await resync_forever(self._settings, self._cluster, queue, lambda: None)

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._notice_death)
        self._tasks.append(task)

    def _notice_death(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._death is None or self._death.done():
            return
        error = task.exception()
        if error is not None:
            logger.critical("%s has failed", task.get_name(), exc_info=error)
            self._death.set_exception(Died(f"A part of the server has failed: {task.get_name()}."))

    async def wait_for_death(self) -> None:
        """Return never; raise Died when a part of it has failed."""
        assert self._death is not None
        await asyncio.shield(self._death)

    async def stop(self) -> None:
        """End the job programs, whose recordings are taken up at the next start."""
        runner, *_ = self._tasks
        self._runner.stop()
        await asyncio.wait([runner], timeout=_LONGEST_STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        """Let another server work on the data folder."""
        self._database.close()
        self._folder.close()


def _build_senders(settings: Settings) -> Senders:
    try:
        return build_senders(settings)
    except ValueError as error:
        raise BadSettings(f"The settings do not fit: {error}") from error


def _list_names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()] if folder.is_dir() else []


def build_reconcile_settings(settings: Settings) -> ReconcileSettings:
    """Return what the reconcile hangs on, where there is one namespace and no image."""
    return ReconcileSettings(
        job_namespaces=(settings.namespace,),
        job_image="",
        profiles={"default": Profile(device=settings.device, precision=settings.precision)},
        jobs_name_queues=False,
        progress_interval_seconds=settings.progress_interval_seconds,
        default_ttl_seconds=settings.default_ttl_seconds,
        removal_grace_seconds=settings.removal_grace_seconds,
    )
