"""Takes a recording in: first the audio into storage, then the TranscriptionJob that names it.

A client that was told an id has a job, whatever breaks; one that was not has neither job nor
object, except where nobody can tell: then the object stays, for a job without its audio is worse
than audio without its job.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    CreationUnknown,
    JobNotFound,
    NameTaken,
    TooManyUploads,
)
from waas_api.leftovers import Leftovers
from waas_api.object_storage import ObjectStorage
from waas_api.transcription_jobs import TranscriptionJobs
from waas_api.transcription_request import Order, build_spec
from waas_contract.log_lines import log_fields
from waas_contract.transcription_job import TranscriptionJobSpec

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses between the tries to create a TranscriptionJob: an API server's restart fits in."""


class Uploads:
    """The one way in for recordings."""

    def __init__(
        self,
        namespace: str,
        storage: ObjectStorage,
        jobs: TranscriptionJobs,
        leftovers: Leftovers,
        *,
        slots: asyncio.Semaphore,
        longest_wait_seconds: float,
        new_id: Callable[[], str],
        backoff_seconds: tuple[float, ...] = BACKOFF_SECONDS,
    ) -> None:
        self._namespace = namespace
        self._storage = storage
        self._jobs = jobs
        self._leftovers = leftovers
        self._slots = slots
        self._longest_wait_seconds = longest_wait_seconds
        self._new_id = new_id
        self._backoff_seconds = backoff_seconds
        self._tasks: set[asyncio.Task[Any]] = set()

    async def accept(self, order: Order, body: AsyncIterator[bytes]) -> str:
        """Store a recording, make its TranscriptionJob and return the id of both."""
        return await self._take_in(order, lambda key: self._storage.store(key, body))

    async def accept_copy(self, order: Order, key: str) -> str:
        """Do the same with an object that is there, which stays; raises ObjectNotFound."""
        return await self._take_in(order, lambda own_key: self._storage.copy(key, own_key))

    async def _take_in(
        self, order: Order, store: Callable[[str], Coroutine[Any, Any, int | None]]
    ) -> str:
        name = self._new_id()
        spec = build_spec(self._namespace, name, order)
        size = await self._fill(spec.source.key, store)
        await self.finish(self._create(name, spec, order.labels))
        logger.info("recording accepted", extra=log_fields(transcription_job=name, bytes=size))
        return name

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body in its turn and return its length; one that breaks off leaves nothing."""
        return await self._fill(key, lambda own_key: self._storage.store(own_key, body))

    async def _fill(
        self, key: str, store: Callable[[str], Coroutine[Any, Any, _Result]]
    ) -> _Result:
        self._remember(asyncio.current_task())
        async with self._slot():
            try:
                return await store(key)
            except BaseException:
                await self.finish(self._leftovers.discard(key))
                raise

    async def close(self) -> None:
        """Wait until nothing is half done; who calls it has ended or cancelled all requests."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._longest_wait_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise TooManyUploads("Too many uploads at once. Try again in a minute.") from error
        try:
            yield
        finally:
            self._slots.release()

    async def finish(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do work that must be done to its end even where the request is cancelled."""
        task = asyncio.create_task(work)
        self._remember(task)
        return await asyncio.shield(task)

    def _remember(self, task: asyncio.Task[Any] | None) -> None:
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str]
    ) -> None:
        try:
            await self.create(name, spec, labels)
        except (ClusterRefused, ClusterUnavailable):
            await self._leftovers.discard(spec.source.key)
            raise
        except NameTaken as error:
            # Its audio may well lie under the same key.
            raise CreationUnknown(str(error)) from error
        except CreationUnknown:
            logger.exception(
                "a TranscriptionJob may have been made or not, so its audio is kept",
                extra=log_fields(transcription_job=name, key=spec.source.key),
            )
            raise

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str]
    ) -> None:
        """Create, as often as it takes to know.

        Raises:
            ClusterRefused: there is no job, and trying again would not help.
            ClusterUnavailable: there is no job.
            CreationUnknown: nobody knows whether there is.
            NameTaken: another job has the name.
        """
        may_have_happened = False
        for pause in (*self._backoff_seconds, None):
            try:
                return await self._jobs.create(name, spec, labels)
            except NameTaken:
                # If it is this one, an earlier try had arrived after all.
                return await self._verify(name, spec)
            except ClusterRefused:
                if not may_have_happened:
                    raise
                break
            except ClusterUnavailable as error:
                logger.warning("could not create a TranscriptionJob: %s", error)
                may_have_happened |= error.may_have_happened
                if pause is None and not may_have_happened:
                    raise
            if pause is not None:
                await asyncio.sleep(pause)
        return await self._verify(name, spec)

    async def _verify(self, name: str, spec: TranscriptionJobSpec) -> None:
        """Make sure that there is a TranscriptionJob of that name, and that it is this one."""
        try:
            job = await self._jobs.get(name)
        except JobNotFound as error:
            raise ClusterUnavailable("the TranscriptionJob was not made") from error
        except (ClusterUnavailable, ClusterRefused) as error:
            raise CreationUnknown(f"the TranscriptionJob cannot be read: {error}") from error
        if job.spec.digest() != spec.digest():
            raise NameTaken(f"another TranscriptionJob has the name {name}")
