"""Audio in and transcripts out of S3, by the minio client.

It blocks, so that every call runs in a thread.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from io import BytesIO
from typing import TypeVar
from urllib.parse import urlsplit

import anyio.to_thread
import urllib3
from anyio import CapacityLimiter
from minio import Minio, S3Error
from minio.commonconfig import ComposeSource, CopySource
from minio.deleteobjects import DeleteObject
from minio.error import MinioException

from waas_api.errors import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    StorageUnavailable,
)
from waas_api.storage.minio_growing_objects import MinioGrowingObjects
from waas_api.storage.multipart_uploads import MultipartUpload, cut_in_pieces, list_unfinished
from waas_api.storage.object_storage import StoredObject
from waas_api.storage.part_buffer import PartBuffer
from waas_api.storage.part_sending import PARTS_AT_ONCE, PartSending
from waas_api.storage.signed_requests import Bucket, SignedRequests
from waas_contract.object_keys import require_whole_prefix

_Result = TypeVar("_Result")

logger = logging.getLogger(__name__)

_THREADS_FOR_SHORT_CALLS = 8
_NOT_FOUND_CODES = ("NoSuchKey", "NoSuchUpload", "NoSuchVersion")
_PIECE_BYTES = 256 * 1024


_COPY_BYTES = 256 * 1024 * 1024
"""What the store is asked to copy in one request, so that its answer comes in time.

S3 takes 10,000 such pieces, and 5 GiB in each.
"""


class MinioObjectStorage(MinioGrowingObjects):
    """An ObjectStorage on the minio client."""

    def __init__(self, bucket: Bucket, *, part_bytes: int, uploads_at_once: int) -> None:
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._upload_threads = CapacityLimiter(uploads_at_once * PARTS_AT_ONCE)
        self._threads = CapacityLimiter(_THREADS_FOR_SHORT_CALLS)
        self._http = urllib3.PoolManager(
            maxsize=uploads_at_once * PARTS_AT_ONCE + _THREADS_FOR_SHORT_CALLS,
            timeout=urllib3.Timeout(connect=3, read=60),
            retries=urllib3.Retry(
                total=2,
                backoff_factor=0.3,
                status_forcelist=(500, 502, 503, 504),
                # A store that is starting asks for a minute; the client's patience is shorter.
                respect_retry_after_header=False,
            ),
        )
        self._impatient_http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=1, read=2), retries=False
        )
        self._requests = SignedRequests(bucket, self._http)
        self._client = self._connect(self._http)
        self._impatient_client = self._connect(self._impatient_http)

    def _connect(self, http: urllib3.PoolManager) -> Minio:
        endpoint = urlsplit(self._bucket.endpoint)
        return Minio(
            endpoint.netloc,
            credentials=self._bucket.credentials,
            secure=endpoint.scheme == "https",
            # A region that is given spares the client a request to ask for it.
            region=self._bucket.region,
            http_client=http,
        )

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Stream a body into an object: the next part is gathered while others are sent."""
        buffer = PartBuffer(self._part_bytes)
        async for piece in body:
            buffer.add(piece)
            if buffer.has_part:
                break
        else:
            content = buffer.rest()
            await self._send(partial(self._requests.send, "PUT", f"/{key}", {}, content))
            return len(content)
        upload = await self._send(lambda: MultipartUpload.begin(key, self._requests))
        sending = PartSending(upload, self._send)
        try:
            size = await sending.send_all(buffer, body)
            if buffer.length:
                size += await sending.send((buffer.rest(),))
            await sending.finish()
            await self._send(upload.complete)
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(self._give_up(sending, upload)))
            raise
        return size

    async def _give_up(self, sending: PartSending, upload: MultipartUpload) -> None:
        await sending.settle()
        try:
            await self._run(upload.abort)
        except StorageError as error:
            logger.warning("could not give up an upload: %s", error)

    async def _send(self, call: Callable[[], _Result]) -> _Result:
        return await self._run(call, self._upload_threads)

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        """Return a whole object."""
        return await self._run(lambda: self._read(key, largest_bytes))

    def _read(self, key: str, largest_bytes: int) -> bytes:
        response = self._client.get_object(self._bucket.name, key)
        try:
            data = response.read(largest_bytes + 1)
        finally:
            response.close()
            response.release_conn()
        if len(data) > largest_bytes:
            raise ObjectTooLarge(f"{key} is larger than {largest_bytes} bytes")
        return data

    async def write(self, key: str, content: bytes) -> None:
        """Store a small object."""
        await self._run(
            lambda: self._client.put_object(
                self._bucket.name, key, BytesIO(content), len(content), num_parallel_uploads=1
            )
        )

    async def list_keys(self, prefix: str) -> list[str]:
        """Return the keys of all objects below a prefix."""

        def list_keys() -> list[str]:
            listed = self._client.list_objects(self._bucket.name, prefix=prefix, recursive=True)
            return [each.object_name for each in listed if each.object_name]

        return await self._run(list_keys)

    async def move(self, key: str, new_key: str) -> None:
        """Have the store copy an object, piece by piece if it is large, and remove the old one."""
        await self._run(lambda: self._move(key, new_key))

    def _move(self, key: str, new_key: str) -> None:
        self._copy(key, new_key)
        self._client.remove_object(self._bucket.name, key)

    async def copy(self, key: str, target: str) -> None:
        """Have the store copy an object, piece by piece if it is large."""
        await self._run(lambda: self._copy(key, target))

    def _copy(self, key: str, new_key: str) -> None:
        bucket = self._bucket.name
        size = self._client.stat_object(bucket, key).size or 0
        if size <= _COPY_BYTES:
            self._client.copy_object(bucket, new_key, CopySource(bucket, key))
        else:
            pieces = [
                ComposeSource(bucket, key, offset=offset, length=length)
                for offset, length in cut_in_pieces(size, _COPY_BYTES)
            ]
            self._client.compose_object(bucket, new_key, pieces)

    async def store_new(self, key: str, content: bytes) -> None:
        """Store an object whole, on the condition that there is none."""
        await self._run(lambda: self._store_new(key, content))

    def _store_new(self, key: str, content: bytes) -> None:
        answer = self._requests.send(
            "PUT",
            f"/{key}",
            {},
            content,
            headers={"If-None-Match": "*"},
            # 409: another such request is under way, and may well be first.
            expected=(200, 409, 412),
        )
        if answer.status != 200:
            raise ObjectExists(f"there is an object already: {key}")

    async def look_at(self, key: str) -> StoredObject:
        """Return size and ETag."""
        found = await self._run(lambda: self._client.stat_object(self._bucket.name, key))
        return StoredObject(found.size or 0, found.etag or "")

    async def read_range(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        """Read a part of an object, no further than it is asked for."""
        response = await self._run(
            lambda: self._client.get_object(self._bucket.name, key, offset=first, length=length)
        )
        try:
            while piece := await self._run(lambda: response.read(_PIECE_BYTES)):
                yield piece
        finally:
            response.close()
            response.release_conn()

    async def discard(self, key: str) -> None:
        """Remove the object and every unfinished upload of it."""
        await self._run(lambda: self._discard(key))

    def _discard(self, key: str) -> None:
        self._abort_uploads(key, lambda found: found == key)
        self._client.remove_object(self._bucket.name, key)

    async def discard_all(self, prefix: str, *, until: float = math.inf) -> None:
        """Remove everything below a prefix, unfinished uploads included where the store lists them.

        MinIO lists the unfinished uploads of a whole key only, so that those below are left to the
        bucket's own rule.
        """
        require_whole_prefix(prefix)
        await self._run(lambda: self._discard_all(prefix, until))

    def _discard_all(self, prefix: str, until: float) -> None:
        self._abort_uploads(prefix, lambda found: found.startswith(prefix))
        keys = self._list_in_time(prefix, until)
        # Every batch has to be asked for, hence a list: it holds what could not be removed.
        refusals = list(self._client.remove_objects(self._bucket.name, keys))
        if refusals:
            raise StorageUnavailable(
                f"object storage refused to remove {len(refusals)} objects: {refusals[0].code}"
            )

    def _list_in_time(self, prefix: str, until: float) -> Iterator[DeleteObject]:
        """Go through the objects below a prefix; they are removed while it is gone through."""
        listed = self._client.list_objects(self._bucket.name, prefix=prefix, recursive=True)
        for each in listed:
            if time.monotonic() >= until:
                raise StorageUnavailable("object storage removes too slowly")
            if each.object_name:
                yield DeleteObject(each.object_name)
        if time.monotonic() >= until:
            raise StorageUnavailable("object storage removes too slowly")

    def _abort_uploads(self, prefix: str, is_meant: Callable[[str], bool]) -> None:
        for upload in list_unfinished(prefix, self._requests):
            if is_meant(upload.key):
                upload.abort()

    async def is_ready(self) -> bool:
        """Tell whether the bucket can be reached, in a few seconds at most."""
        try:
            return await self._run(lambda: self._impatient_client.bucket_exists(self._bucket.name))
        except StorageError:
            return False

    async def _run(
        self, call: Callable[[], _Result], threads: CapacityLimiter | None = None
    ) -> _Result:
        def translated() -> _Result:
            try:
                return call()
            except StorageError:
                raise
            except Exception as error:
                raise _translate(error) from error

        return await anyio.to_thread.run_sync(translated, limiter=threads or self._threads)

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
        self._impatient_http.clear()


def _translate(error: Exception) -> Exception:
    """Return our error for the library's; what is not the store's doing stays as it is."""
    if isinstance(error, S3Error) and error.code in _NOT_FOUND_CODES:
        return ObjectNotFound(f"object storage has no such object: {error.object_name}")
    if isinstance(error, S3Error):
        return StorageUnavailable(f"object storage refused: {error.code}: {error.message}")
    if isinstance(error, MinioException | urllib3.exceptions.HTTPError | OSError):
        return StorageUnavailable(f"object storage failed: {type(error).__name__}")
    return error
