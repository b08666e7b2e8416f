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
    NameTaken,
    TooManyUploads,
)
from waas_api.idempotency import Once
from waas_api.leftovers import Leftovers
from waas_api.object_storage import ObjectStorage
from waas_api.transcription_jobs import TranscriptionJobs
from waas_api.transcription_request import Order, build_spec
from waas_contract.log_lines import log_fields
from waas_contract.names import REQUEST_LABEL
from waas_contract.transcription_job import ObjectMeta, TranscriptionJob, TranscriptionJobSpec

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

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
        """
        self._remember(asyncio.current_task())
        name = once.name if once else name or self._new_id()
        spec = build_spec(self._namespace, name, order, self._new_id() if once else None)
        labels = dict(order.labels) | ({REQUEST_LABEL: once.digest} if once else {})
        creation = Creation(name, spec, labels, once, key=spec.source.key if body else None)
        if body is not None:
            async with self.slot():
                try:
                    size = await self._storage.store(spec.source.key, body)
                except BaseException:
                    await self._finish(self._leftovers.discard(spec.source.key))
                    raise
            logger.info("recording stored", extra=log_fields(transcription_job=name, bytes=size))
        taken = await self._finish(self._create(creation))
        logger.info("recording accepted", extra=log_fields(transcription_job=name))
        return taken

    async def find(self, once: Once) -> TranscriptionJob | None:
        """Return the job that an earlier request made, or None; raises IdempotencyKeyReused."""
        try:
            return check_same(await self._jobs.get(once.name), once)
        except JobNotFound:
            return None

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

    async def _finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do work that must be done to its end even where the request is cancelled."""
        task = asyncio.create_task(work)
        self._remember(task)
        return await asyncio.shield(task)

    async def finish_on_cancel(self, work: Coroutine[Any, Any, Result]) -> Result:
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
        log = log_fields(transcription_job=creation.name, key=creation.key)
        try:
            job = await self._create_surely(creation)
        except (ClusterRefused, ClusterUnavailable, IdempotencyKeyReused):
            await self._discard(creation)
            raise
        except CreationUnknown:
            logger.exception(
                "a TranscriptionJob may have been made or not, so its audio is kept", extra=log
            )
            raise
        if job is None:
            return TakenIn(creation.as_job(self._namespace), is_new=True)
        await self._discard(creation)
        return TakenIn(job, is_new=False)

    async def _discard(self, creation: Creation) -> None:
        if creation.key is not None:
            await self._leftovers.discard(creation.key)

    async def _create_surely(self, creation: Creation) -> TranscriptionJob | None:
        """Create, as often as it takes to know; returns the job that another request has made.

        Raises:
            ClusterRefused: there is no job, and trying again would not help.
            ClusterUnavailable: there is no job.
            CreationUnknown: nobody knows whether there is.
            IdempotencyKeyReused: there is a job for something else.
        """
        may_have_happened = False
        for pause in (*self._backoff_seconds, None):
            try:
                await self._jobs.create(creation.name, creation.spec, creation.labels)
                return None
            except NameTaken:
                # The name is ours: an earlier try had arrived after all, or the same request.
                return await self._verify(creation)
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
        return await self._verify(creation)

    async def _verify(self, creation: Creation) -> TranscriptionJob | None:
        """Make sure that there is a TranscriptionJob of that name; returns one that is not ours."""
        try:
            job = await self._jobs.get(creation.name)
        except JobNotFound as error:
            raise ClusterUnavailable("the TranscriptionJob was not made") from error
        except (ClusterUnavailable, ClusterRefused) as error:
            raise CreationUnknown(f"the TranscriptionJob cannot be read: {error}") from error
        # The audio has a place of its own at each request, so that it tells whose the job is.
        is_known_by_digest = creation.once is None or creation.key is not None
        if is_known_by_digest and job.spec.digest() == creation.spec.digest():
            return None
        if creation.once is not None:
            return check_same(job, creation.once)
        raise CreationUnknown(f"another TranscriptionJob has the name {creation.name}")
