"""One job program from its start to its end, and what becomes of the pods that it has."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from waas_contract.job_environment import ItemOutcome, urls_file_name
from waas_contract.log_lines import log_fields
from waas_operator.job_manifest import TERMINATION_GRACE_SECONDS
from waas_operator.seams import Resource
from waas_standalone import pods
from waas_standalone.endings import (
    PodEnding,
    ProgramEnd,
    ending_of,
    ending_of_current,
    is_told,
)
from waas_standalone.errors import DatabaseFailed
from waas_standalone.job_process import JobProcess, RunFolder
from waas_standalone.machine import count_memory_kills
from waas_standalone.records import Kind, Records, Transaction

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 1.0
_READ_TRIES = 20
_READ_PAUSE_SECONDS = 0.01


@dataclass
class Run:
    """A program and its pods, by the name of their item, in the order in which it takes them."""

    run_id: str
    namespace: str
    pod_names: dict[str, str]
    """Pods that are still the program's; one leaves when its item has ended."""

    folder: RunFolder
    process: JobProcess
    records: Records
    memory_kills_before: int = field(default_factory=count_memory_kills)
    _outcomes: dict[str, ItemOutcome] = field(default_factory=dict)
    _items: tuple[str, ...] = ()
    _current: str | None = None
    _stop_time: float | None = None
    _was_touched: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Note the order, which stays when pods leave."""
        self._items = tuple(self.pod_names)

    def touch(self) -> None:
        """Say that the records have something new about its pods."""
        self._was_touched.set()

    def stop(self) -> None:
        """Tell the program to end; it is killed if that takes too long."""
        if self._stop_time is None:
            self._stop_time = time.monotonic()
            self.process.send(signal.SIGTERM)
        elif time.monotonic() - self._stop_time > TERMINATION_GRACE_SECONDS:
            self.process.send(signal.SIGKILL)

    async def follow(self) -> None:
        """Keep the records true until the program has ended."""
        try:
            await self._follow()
        finally:
            self.process.send(signal.SIGKILL)
            self.folder.remove()

    async def _follow(self) -> None:
        self._was_touched.set()
        while (return_code := self.process.poll()) is None:
            await self._note_outcomes()
            await self._start_next()
            if self._was_touched.is_set():
                self._was_touched.clear()
                await self._heed_deletions()
            if self._stop_time is not None:
                self.stop()
            self.folder.bound_log()
            await self._wait()
        await self._note_outcomes()
        await self._finish(return_code)

    async def _persist(self, work: Callable[[Transaction], Result]) -> Result:
        """Do work on the records, however long the disk is full: the program goes on meanwhile."""
        while True:
            try:
                return await self.records.run(work)
            except DatabaseFailed as error:
                if self._stop_time is not None and self.process.poll() is not None:
                    raise
                logger.warning("%s", error, extra=log_fields(run=self.run_id))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._was_touched.wait()
        except TimeoutError:
            return

    async def _note_outcomes(self) -> None:
        self._outcomes |= self.folder.read_outcomes()
        for item in tuple(self.pod_names):
            if item in self._outcomes and is_told(self._outcomes[item]):
                await self._end_pod(item, ending_of(self._outcomes[item]))

    async def _start_next(self) -> None:
        current = self._find_current()
        if current is None or current == self._current or current not in self.pod_names:
            return
        self._current = current
        await self._change(current, lambda at, pod: pods.start(pod, at.now))

    def _find_current(self) -> str | None:
        """Return the item that the program is at: the first that it has not spoken of."""
        return next((each for each in self._items if each not in self._outcomes), None)

    async def _heed_deletions(self) -> None:
        """End what pods are deleted for, at the least cost for the others."""
        for item in tuple(self.pod_names):
            if not await self._is_to_go(item):
                continue
            if item == self._find_current():
                self.stop()
            else:
                await self._withdraw(item)

    async def _is_to_go(self, item: str) -> bool:
        pod_name = self.pod_names[item]
        pod = await self._persist(lambda at: at.get(Kind.POD, self.namespace, pod_name))
        return pod is None or "deletionTimestamp" in pod["metadata"]

    async def _withdraw(self, item: str) -> None:
        """Take an item back that the program has not come to: without URLs it will pass it by."""
        (self.folder.urls / urls_file_name(item)).unlink(missing_ok=True)
        # It may have come to it just before, and then it has spoken of the one before that.
        self._outcomes |= await self._read_outcomes()
        if item == self._find_current():
            self.stop()
        elif item not in self._outcomes:
            await self._remove_pod(item)

    async def _read_outcomes(self) -> dict[str, ItemOutcome]:
        """Return what the program has said, also where it is just saying something."""
        for _ in range(_READ_TRIES):
            outcomes = self.folder.read_outcomes()
            if outcomes or not self.folder.last_words.exists():
                return outcomes
            await asyncio.sleep(_READ_PAUSE_SECONDS)
        return {}

    async def _finish(self, return_code: int) -> None:
        end = ProgramEnd(
            return_code,
            was_stopped=self._stop_time is not None,
            is_out_of_memory=(
                return_code == -signal.SIGKILL and count_memory_kills() > self.memory_kills_before
            ),
        )
        current = self._find_untold()
        for item in tuple(self.pod_names):
            if item == current:
                await self._end_pod(item, ending_of_current(end, self._outcomes, item))
            else:
                await self._change(item, lambda _, pod: pods.release(pod))
                del self.pod_names[item]
        logger.info(
            "a job program has ended", extra=log_fields(run=self.run_id, exit_code=end.exit_code)
        )

    def _find_untold(self) -> str | None:
        return next(
            (
                each
                for each in self._items
                if each not in self._outcomes or not is_told(self._outcomes[each])
            ),
            None,
        )

    async def _end_pod(self, item: str, ending: PodEnding) -> None:
        await self._change(item, lambda at, pod: pods.end(pod, ending, at.now))
        del self.pod_names[item]

    async def _remove_pod(self, item: str) -> None:
        pod_name = self.pod_names.pop(item)
        await self._persist(lambda at: at.delete(Kind.POD, self.namespace, pod_name))

    async def _change(self, item: str, change: Callable[[Transaction, Resource], Resource]) -> None:
        """Change a pod; one that was to go, goes."""
        pod_name = self.pod_names[item]

        def write(at: Transaction) -> None:
            pod = at.get(Kind.POD, self.namespace, pod_name)
            if pod is None:
                return
            changed = change(at, pod)
            if "deletionTimestamp" in pod["metadata"] and not pods.is_begun(changed):
                at.delete(Kind.POD, self.namespace, pod_name)
            else:
                at.replace(Kind.POD, changed)

        await self._persist(write)
