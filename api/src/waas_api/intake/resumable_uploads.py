"""Uploads that arrive in pieces, over lost connections and restarts, and become jobs in the end.

All that is known of one lies in object storage, so that any process takes the next piece: a note
that never changes says what it is to be, and the store says how much of it there is.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from waas_api.errors import (
    ApiError,
    JobNotFound,
    ObjectNotFound,
    UploadComplete,
    UploadExpired,
    UploadLocked,
    UploadNotFound,
    WrongOffset,
)
from waas_api.intake.transcription_request import Order
from waas_api.intake.uploads import Uploads
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.storage.growing_objects import GrowingObject
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import (
    audio_key,
    audio_prefix,
    upload_prefix,
    upload_state_key,
    uploads_prefix,
)
from waas_contract.transcription_job import (
    Source,
    TranscriptionJob,
    TranscriptionRequest,
)
from waas_contract.wire import Time, WireModel

logger = logging.getLogger(__name__)

_LARGEST_NOTE = 1 << 20
_LONGEST_SAVING_SECONDS = 3.0
_LOCKED = "Another piece of the upload is on its way. Try again in a moment."


class Upload(WireModel):
    """What an upload is to be."""

    id: str
    """Also of the job that it becomes."""

    request: TranscriptionRequest
    file_name: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    length: int
    """Bytes in all."""

    metadata: str = ""
    """What the client said of it, as it said it."""

    key: str
    handle: str
    expiry_time: Time
    """When it is removed unless it is a job by then."""


class ResumableUploads:
    """The uploads of one namespace that are not whole yet."""

    def __init__(
        self,
        namespace: str,
        storage: ObjectStorage,
        jobs: TranscriptionJobs,
        uploads: Uploads,
        *,
        new_id: Callable[[], str],
        now: Callable[[], datetime],
        lifetime: timedelta,
        longest_piece: timedelta,
    ) -> None:
        """Take the time that uploads are kept, and the longest that one piece may take."""
        self._namespace = namespace
        self._storage = storage
        self._jobs = jobs
        self._uploads = uploads
        self._new_id = new_id
        self._now = now
        self._lifetime = lifetime
        self._longest_piece = longest_piece
        self._under_way: dict[str, asyncio.Event] = {}

    async def begin(self, order: Order, *, length: int, metadata: str) -> Upload:
        """Begin an upload for an order, which is known to fit."""
        name = self._new_id()
        key = audio_key(self._namespace, name, order.file_name or "")
        growing = await self._storage.begin(key, upload_prefix(self._namespace, name))
        upload = Upload(
            id=name,
            request=order.request,
            file_name=order.file_name,
            labels=dict(order.labels),
            length=length,
            metadata=metadata,
            key=key,
            handle=growing.handle,
            expiry_time=self._now() + self._lifetime,
        )
        note = upload.model_dump_json(by_alias=True, exclude_none=True).encode()
        await self._storage.write(upload_state_key(self._namespace, name), note)
        return upload

    async def get(self, name: str) -> Upload:
        """Return an upload, or raise UploadNotFound or UploadExpired."""
        upload = await self._read(upload_state_key(self._namespace, name))
        if self._now() >= upload.expiry_time:
            raise UploadExpired("The upload was not completed in time. Begin it anew.")
        return upload

    async def measure(self, upload: Upload) -> int:
        """Return how much has arrived; all of it means that there is a job.

        Whoever asks has lost a connection, as a rule: what it brought is about to be saved.
        """
        if (end := self._under_way.get(upload.id)) is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _LONGEST_SAVING_SECONDS)
        length = await self._measure(upload)
        if length == upload.length and upload.id not in self._under_way:
            # Whoever sent the last byte may not have lived to make the job.
            await self._complete(upload)
        return length

    async def _measure(self, upload: Upload) -> int:
        try:
            return await self._storage.measure(self._growing(upload))
        except ObjectNotFound as error:
            raise UploadNotFound("There is no such upload any more.") from error

    async def check_offset(self, upload: Upload, offset: int) -> None:
        """Raise UploadLocked or WrongOffset where a piece cannot go on from there."""
        if upload.id in self._under_way:
            raise UploadLocked(_LOCKED)
        length = await self._measure(upload)
        if length != offset:
            raise WrongOffset(length)

    async def append(self, upload: Upload, offset: int, body: AsyncIterator[bytes]) -> int:
        """Add a piece and return how much has arrived; with the last byte the job is made.

        Raises:
            UploadLocked: another piece is on its way.
            WrongOffset: the piece does not begin where the upload ends.
        """
        with self._lock(upload):
            length = offset
            if offset < upload.length:
                async with self._uploads.slot():
                    length = await self._append(upload, offset, body)
            if length == upload.length:
                await self._complete(upload)
        return length

    async def _append(self, upload: Upload, offset: int, body: AsyncIterator[bytes]) -> int:
        try:
            appending = self._storage.append(self._growing(upload), offset, body)
            return await self._uploads.finish_on_cancel(appending)
        except ObjectNotFound as error:
            length = await self._measure(upload)
            raise WrongOffset(length) from error

    @contextmanager
    def _lock(self, upload: Upload) -> Iterator[None]:
        """Let one piece in at a time; of another process's pieces the store makes the same."""
        if upload.id in self._under_way:
            raise UploadLocked(_LOCKED)
        end = self._under_way[upload.id] = asyncio.Event()
        try:
            yield
        finally:
            del self._under_way[upload.id]
            end.set()

    async def _complete(self, upload: Upload) -> TranscriptionJob:
        try:
            return await self._jobs.get(upload.id)
        except JobNotFound:
            await self._storage.finish(self._growing(upload))
        source = Source(key=upload.key, file_name=upload.file_name)
        order = Order(upload.request, upload.file_name, upload.labels, source)
        return (await self._uploads.take_in(order, None, name=upload.id)).job

    async def remove(self, upload: Upload) -> None:
        """Remove an upload and what has arrived of it, or raise UploadComplete."""
        with self._lock(upload):
            try:
                await self._jobs.get(upload.id)
            except JobNotFound:
                await self._discard(upload)
                return
        raise UploadComplete(f"The upload is a job by now: DELETE /v2/jobs/{upload.id}.")

    async def sweep(self) -> None:
        """Remove the uploads whose time is over; of one that became a job, only the notes."""
        state_name = upload_state_key("", "").rpartition("/")[2]
        for key in await self._storage.list_keys(uploads_prefix(self._namespace)):
            if not key.endswith(f"/{state_name}"):
                continue
            try:
                await self._sweep(key)
            except ApiError as error:
                logger.warning(
                    "could not remove an upload yet: %s", error, extra=log_fields(key=key)
                )

    async def _sweep(self, key: str) -> None:
        upload = await self._read(key)
        # A piece that began in time may end in time.
        if self._now() < upload.expiry_time + self._longest_piece:
            return
        try:
            await self._jobs.get(upload.id)
        except JobNotFound:
            await self._discard(upload)
            logger.info("upload removed", extra=log_fields(transcription_job=upload.id))
        else:
            await self._storage.discard_all(upload_prefix(self._namespace, upload.id))

    async def _discard(self, upload: Upload) -> None:
        if upload.key.startswith(audio_prefix(self._namespace, upload.id)):
            await self._storage.discard(upload.key)
        # Last, for by the note it is found again.
        await self._storage.discard_all(upload_prefix(self._namespace, upload.id))

    async def _read(self, key: str) -> Upload:
        try:
            content = await self._storage.read(key, largest_bytes=_LARGEST_NOTE)
            return Upload.model_validate_json(content)
        except ObjectNotFound as error:
            raise UploadNotFound("There is no such upload.") from error
        except ValidationError as error:
            raise UploadNotFound("The upload is not in a form that this release reads.") from error

    def _growing(self, upload: Upload) -> GrowingObject:
        prefix = upload_prefix(self._namespace, upload.id)
        return GrowingObject(upload.key, prefix, upload.handle)
