"""Takes a recording in: first the audio into storage, then the TranscriptionJob that names it.

A client that was told an id has a job, whatever breaks; one that was not has neither job nor
object, except where nobody can tell: then the object stays, for a job without its audio is worse
than audio without its job.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    CreationUnknown,
    IdempotencyKeyReused,
    JobNotFound,
    LimitReached,
    NameTaken,
    TooManyUploads,
)
from waas_api.intake.leftovers import Leftovers
from waas_api.intake.transcription_request import Order, build_spec
from waas_api.jobs.idempotency import Once
from waas_api.jobs.live_jobs import LiveJobs
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.log_lines import log_fields
from waas_contract.names import REQUEST_LABEL
from waas_contract.transcription_job import (
    ObjectMeta,
    TranscriptionJob,
    TranscriptionJobSpec,
)

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses between the tries to create a TranscriptionJob: an API server's restart fits in."""


@dataclass(frozen=True)
class TakenIn:
    """What became of a request."""

    job: TranscriptionJob
    is_new: bool
    """Whether this request made it."""


@dataclass(frozen=True)
class Creation:
    """A TranscriptionJob that is to be made."""

    name: str
    spec: TranscriptionJobSpec
    labels: Mapping[str, str]
    once: Once | None = None
    key: str | None = None
    """The audio that was stored for it alone, and goes if it is not made."""

    def as_job(self, namespace: str) -> TranscriptionJob:
        """Return the job as it was made; nobody has looked at it yet."""
        metadata = ObjectMeta(name=self.name, namespace=namespace, labels=dict(self.labels))
        return TranscriptionJob(metadata=metadata, spec=self.spec)


def check_same(job: TranscriptionJob, once: Once) -> TranscriptionJob:
    """Return a job that was made by the same request, or raise IdempotencyKeyReused."""
    if job.metadata.labels.get(REQUEST_LABEL) != once.digest:
        raise IdempotencyKeyReused("The Idempotency-Key stands for another request.")
    return job


class Uploads:
    """The one way in for recordings."""

    def __init__(
        self,
        namespace: str,
        storage: ObjectStorage,
        jobs: TranscriptionJobs,
        leftovers: Leftovers,
        live_jobs: LiveJobs,
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
        self._live_jobs = live_jobs
        self._slots = slots
        self._longest_wait_seconds = longest_wait_seconds
        self._new_id = new_id
        self._backoff_seconds = backoff_seconds
        self._tasks: set[asyncio.Task[Any]] = set()

    async def accept(self, order: Order, body: AsyncIterator[bytes]) -> str:
        """Store a recording, make its TranscriptionJob and return the id of both."""
        return (await self.take_in(order, body)).job.metadata.name

    async def take_in(
        self,
        order: Order,
        body: AsyncIterator[bytes] | None,
        once: Once | None = None,
        *,
        name: str | None = None,
    ) -> TakenIn:
        """Make the TranscriptionJob of a recording, which is stored first if it is sent.

        With `once`, the job may have been there: then nothing is left of what was sent. `name` is
        that of the job where somebody has been told it already.

        Raises:
            IdempotencyKeyReused: there is a job of that name for something else.
            LimitReached: the owner has as many jobs as may be; nothing has been read or stored.
        """
        self._remember(asyncio.current_task())
        name = once.name if once else name or self._new_id()
        spec = build_spec(self._namespace, name, order, self._new_id() if once else None)
        labels = dict(order.labels) | ({REQUEST_LABEL: once.digest} if once else {})
        creation = Creation(name, spec, labels, once, key=spec.source.key if body else None)
        try:
            async with self._live_jobs.admit(spec.owner):
                taken = await self._take_in(creation, body)
        except LimitReached:
            # It is for new jobs: who meets one gets it all the same.
            known = await self.find(once) if once else None
            if known is None:
                raise
            return TakenIn(known, is_new=False)
        logger.info("recording accepted", extra=log_fields(transcription_job=name))
        return taken

    async def _take_in(self, creation: Creation, body: AsyncIterator[bytes] | None) -> TakenIn:
        if body is not None:
            size = await self.store(creation.spec.source.key, body)
            log = log_fields(transcription_job=creation.name, bytes=size)
            logger.info("recording stored", extra=log)
        return await self.finish(self._create(creation))

    async def accept_copy(self, order: Order, key: str) -> str:
        """Make a job of an object that is there, which stays; raises ObjectNotFound."""
        name = self._new_id()
        spec = build_spec(self._namespace, name, order)
        creation = Creation(name, spec, dict(order.labels), key=spec.source.key)
        async with self._live_jobs.admit(spec.owner):
            await self._fill(spec.source.key, lambda own: self._storage.copy(key, own))
            await self.finish(self._create(creation))
        logger.info("recording accepted", extra=log_fields(transcription_job=name))
        return name

    async def find(self, once: Once) -> TranscriptionJob | None:
        """Return the job that an earlier request made, or None; raises IdempotencyKeyReused."""
        try:
            return check_same(await self._jobs.get(once.name), once)
        except JobNotFound:
            return None

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body in its turn and return its length; one that breaks off leaves nothing."""
        return await self._fill(key, lambda own_key: self._storage.store(own_key, body))

    async def _fill(
        self, key: str, store: Callable[[str], Coroutine[Any, Any, _Result]]
    ) -> _Result:
        self._remember(asyncio.current_task())
        async with self.slot():
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
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn to store something, or raise TooManyUploads."""
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

    async def finish_on_cancel(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do work that saves what it has when it is cancelled, and have `close` wait for that."""
        task = asyncio.create_task(work)
        self._remember(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,))
            raise

    def _remember(self, task: asyncio.Task[Any] | None) -> None:
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _create(self, creation: Creation) -> TakenIn:
        try:
            found = await self.create(creation.name, creation.spec, creation.labels)
        except (ClusterRefused, ClusterUnavailable):
            await self._discard(creation)
            raise
        except NameTaken as error:
            if creation.once is not None:
                return await self._meet(creation, creation.once)
            # Its audio may well lie under the same key.
            raise CreationUnknown(str(error)) from error
        except CreationUnknown:
            log = log_fields(transcription_job=creation.name, key=creation.key)
            logger.exception(
                "a TranscriptionJob may have been made or not, so its audio is kept", extra=log
            )
            raise
        # What was stored has a place of its own at each request, which tells whose the job is.
        if found is not None and creation.once is not None and creation.key is None:
            return TakenIn(check_same(found, creation.once), is_new=False)
        return TakenIn(creation.as_job(self._namespace), is_new=True)

    async def _meet(self, creation: Creation, once: Once) -> TakenIn:
        """Return the job that has the name; what was stored for another one goes."""
        try:
            job = await self.find(once)
        finally:
            await self._discard(creation)
        if job is None:
            raise ClusterUnavailable("the TranscriptionJob was removed at this moment")
        return TakenIn(job, is_new=False)

    async def _discard(self, creation: Creation) -> None:
        if creation.key is not None:
            await self._leftovers.discard(creation.key)

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str]
    ) -> TranscriptionJob | None:
        """Create, as often as it takes to know; returns a job just like it that was found there.

        Raises:
            ClusterRefused: there is no job, and trying again would not help.
            ClusterUnavailable: there is no job.
            CreationUnknown: nobody knows whether there is.
            NameTaken: another job has the name.
        """
        may_have_happened = False
        for pause in (*self._backoff_seconds, None):
            try:
                await self._jobs.create(name, spec, labels)
                return None
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

    async def _verify(self, name: str, spec: TranscriptionJobSpec) -> TranscriptionJob:
        """Return the TranscriptionJob of that name, having made sure that it is this one."""
        try:
            job = await self._jobs.get(name)
        except JobNotFound as error:
            raise ClusterUnavailable("the TranscriptionJob was not made") from error
        except (ClusterUnavailable, ClusterRefused) as error:
            raise CreationUnknown(f"the TranscriptionJob cannot be read: {error}") from error
        if job.spec.digest() != spec.digest():
            raise NameTaken(f"another TranscriptionJob has the name {name}")
        return job
