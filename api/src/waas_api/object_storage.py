"""Audio in and transcripts out of S3; the only module of the api that speaks it.

The minio client blocks, so that every call runs in a thread.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import anyio.to_thread
import urllib3
from anyio import CapacityLimiter
from minio import Minio, S3Error
from minio.commonconfig import ComposeSource, CopySource
from minio.credentials.credentials import Credentials
from minio.deleteobjects import DeleteObject
from minio.error import MinioException
from minio.signer import sign_v4_s3

from waas_api.body_reader import BodyReader
from waas_api.errors import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    StorageUnavailable,
)

_Result = TypeVar("_Result")

_THREADS_FOR_SHORT_CALLS = 8
_NO_HEADERS: Mapping[str, str] = {}
_NOT_FOUND_CODES = ("NoSuchKey", "NoSuchUpload", "NoSuchVersion")
_PIECE_BYTES = 256 * 1024
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


_COPY_BYTES = 256 * 1024 * 1024
"""What the store is asked to copy in one request, so that its answer comes in time.

S3 takes 10,000 such pieces, and 5 GiB in each.
"""

_SMALLEST_PIECE = 5 * 1024 * 1024


@dataclass(frozen=True)
class StoredObject:
    """What is known of an object without reading it."""

    bytes: int
    version: str
    """Differs when the content does."""


class ObjectStorage(Protocol):
    """What the api needs of a bucket."""

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body under a key and return its length; what the body raises comes through.

        After an error something may be left under the key: discard it.
        """
        ...

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        """Return an object, or raise ObjectNotFound or ObjectTooLarge."""
        ...

    async def move(self, key: str, new_key: str) -> None:
        """Give an object another key, over what was there, or raise ObjectNotFound.

        After any other error it may be found under either key or both.
        """
        ...

    async def discard(self, key: str) -> None:
        """Remove the object and every unfinished upload of it; nothing there is fine."""
        ...

    async def discard_all(self, prefix: str) -> None:
        """Remove everything below a prefix that ends with "/"; nothing there is fine."""
        ...

    async def store_new(self, key: str, content: bytes) -> None:
        """Store an object whole, or raise ObjectExists where one is under that key already."""
        ...

    async def copy(self, key: str, target: str) -> None:
        """Have an object under another key as well, or raise ObjectNotFound."""
        ...

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys below a prefix that ends with "/"."""
        ...

    async def look_at(self, key: str) -> StoredObject:
        """Return what is known of an object, or raise ObjectNotFound."""
        ...

    def read_range(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        """Give some bytes of an object, piece by piece, or raise ObjectNotFound."""
        ...

    async def is_ready(self) -> bool:
        """Tell whether the bucket can be reached."""
        ...


@dataclass(frozen=True)
class Bucket:
    """Where the objects lie and who asks for them."""

    endpoint: str
    """URL of the store, without a path."""

    name: str
    region: str
    access_key: str
    secret_key: str


class MinioObjectStorage:
    """An ObjectStorage on the minio client."""

    def __init__(self, bucket: Bucket, *, part_bytes: int, uploads_at_once: int) -> None:
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._upload_threads = CapacityLimiter(uploads_at_once)
        self._threads = CapacityLimiter(_THREADS_FOR_SHORT_CALLS)
        self._http = urllib3.PoolManager(
            maxsize=uploads_at_once + _THREADS_FOR_SHORT_CALLS,
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
        self._client = self._connect(self._http)
        self._impatient_client = self._connect(self._impatient_http)

    def _connect(self, http: urllib3.PoolManager) -> Minio:
        endpoint = urlsplit(self._bucket.endpoint)
        return Minio(
            endpoint.netloc,
            access_key=self._bucket.access_key,
            secret_key=self._bucket.secret_key,
            secure=endpoint.scheme == "https",
            # A region that is given spares the client a request to ask for it.
            region=self._bucket.region,
            http_client=http,
        )

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Stream a body into an object, one part at a time."""
        reader = BodyReader(body)
        storing = asyncio.ensure_future(
            anyio.to_thread.run_sync(self._put, key, reader, limiter=self._upload_threads)
        )
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: make it stop by itself, and wait until it has.
            reader.interrupt()
            await asyncio.wait([storing])
            raise
        return reader.size

    def _put(self, key: str, reader: BodyReader) -> None:
        try:
            self._client.put_object(
                self._bucket.name,
                key,
                cast(BinaryIO, reader),
                length=-1,
                part_size=self._part_bytes,
                # More would hold more parts in memory, and its threads would outlive a reader
                # that fails.
                num_parallel_uploads=1,
            )
        except Exception as error:
            # minio's own error, from giving the upload up, must not hide the body's.
            if reader.failure is not None:
                raise reader.failure from None
            raise _translate(error) from error

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
        status, _ = self._send(
            "PUT", f"/{quote(key)}", {}, body=content, headers={"If-None-Match": "*"}
        )
        # 409: another such request is under way, and may well be first.
        if status in (409, 412):
            raise ObjectExists(f"there is an object already: {key}")
        if status != 200:
            raise StorageUnavailable(f"storing a new object gave {status}")

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys below a prefix."""

        def list_keys() -> tuple[str, ...]:
            listed = self._client.list_objects(self._bucket.name, prefix=prefix, recursive=True)
            return tuple(each.object_name for each in listed if each.object_name)

        return await self._run(list_keys)

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

    async def discard_all(self, prefix: str) -> None:
        """Remove everything below a prefix, unfinished uploads included where the store lists them.

        MinIO lists the unfinished uploads of a whole key only, so that those below are left to the
        bucket's own rule.
        """
        if not prefix.endswith("/") or not prefix.strip("/"):
            raise ValueError(f"{prefix!r} could be a part of others' keys")
        await self._run(lambda: self._discard_all(prefix))

    def _discard_all(self, prefix: str) -> None:
        self._abort_uploads(prefix, lambda found: found.startswith(prefix))
        listed = self._client.list_objects(self._bucket.name, prefix=prefix, recursive=True)
        keys = (DeleteObject(each.object_name) for each in listed if each.object_name)
        # Every batch has to be asked for, hence a list: it holds what could not be removed.
        refusals = list(self._client.remove_objects(self._bucket.name, keys))
        if refusals:
            raise StorageUnavailable(
                f"object storage refused to remove {len(refusals)} objects: {refusals[0].code}"
            )

    def _abort_uploads(self, prefix: str, is_meant: Callable[[str], bool]) -> None:
        for key, upload_id in self._list_uploads(prefix):
            if is_meant(key):
                self._request("DELETE", f"/{key}", {"uploadId": upload_id}, expected=(204, 404))

    def _list_uploads(self, prefix: str) -> list[tuple[str, str]]:
        # Not "encoding-type": our keys hold no character that XML cannot.
        listing = ElementTree.fromstring(
            self._request("GET", "", {"max-uploads": "1000", "prefix": prefix, "uploads": ""})
        )
        return [
            (upload.findtext(f"{_S3}Key", ""), upload.findtext(f"{_S3}UploadId", ""))
            for upload in listing.iter(f"{_S3}Upload")
        ]

    def _request(
        self, method: str, path: str, query: dict[str, str], *, expected: tuple[int, ...] = (200,)
    ) -> bytes:
        status, content = self._send(method, path, query)
        if status not in expected:
            raise StorageUnavailable(f"{method} of an unfinished upload gave {status}")
        return content

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        *,
        body: bytes = b"",
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> tuple[int, bytes]:
        """Send a signed request for what the client has as private methods only.

        The signature goes in a header: in a URL it would end up in urllib3's warnings.
        """
        endpoint = urlsplit(self._bucket.endpoint)
        url = endpoint._replace(
            path=f"/{self._bucket.name}{path}",
            query=urlencode(sorted(query.items()), quote_via=quote, safe=""),
        )
        now = datetime.now(UTC)
        digest = hashlib.sha256(body).hexdigest()
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self._bucket.region,
            headers={
                **headers,
                "Host": url.netloc,
                "x-amz-content-sha256": digest,
                "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
            },
            credentials=Credentials(self._bucket.access_key, self._bucket.secret_key),
            content_sha256=digest,
            date=now,
        )
        response = self._http.request(
            method,
            urlunsplit(url),
            body=body or None,
            headers={name: str(each) for name, each in signed.items()},
        )
        return response.status, response.data

    async def is_ready(self) -> bool:
        """Tell whether the bucket can be reached, in a few seconds at most."""
        try:
            return await self._run(lambda: self._impatient_client.bucket_exists(self._bucket.name))
        except StorageError:
            return False

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        def translated() -> _Result:
            try:
                return call()
            except StorageError:
                raise
            except Exception as error:
                raise _translate(error) from error

        return await anyio.to_thread.run_sync(translated, limiter=self._threads)

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
        self._impatient_http.clear()


def cut_in_pieces(size: int, piece: int) -> list[tuple[int, int]]:
    """Return offset and length of pieces that S3 can put together: none but a whole is tiny."""
    pieces = [(offset, min(piece, size - offset)) for offset in range(0, size, piece)]
    if len(pieces) > 1 and pieces[-1][1] < _SMALLEST_PIECE:
        (offset, length), (_, rest) = pieces[-2:]
        pieces[-2:] = [(offset, length + rest)]
    return pieces


def _translate(error: Exception) -> Exception:
    """Return our error for the library's; what is not the store's doing stays as it is."""
    if isinstance(error, S3Error) and error.code in _NOT_FOUND_CODES:
        return ObjectNotFound(f"object storage has no such object: {error.object_name}")
    if isinstance(error, S3Error):
        return StorageUnavailable(f"object storage refused: {error.code}: {error.message}")
    if isinstance(error, MinioException | urllib3.exceptions.HTTPError | OSError):
        return StorageUnavailable(f"object storage failed: {type(error).__name__}")
    return error
