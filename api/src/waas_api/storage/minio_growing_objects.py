"""Growing objects in S3: a multipart upload, and beside it an object with what is no part yet.

Every part but the last has the same size, so that the number of parts says where each begins: two
processes that write the same piece write the same parts. What is left over, less than a part, lies
under a name with the number of parts before it, and counts only while that is the number.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from waas_api.errors import ObjectNotFound, WrongOffset
from waas_api.storage.growing_objects import GrowingObject
from waas_api.storage.multipart_uploads import MultipartUpload
from waas_api.storage.part_buffer import PartBuffer
from waas_api.storage.part_sending import PartSending
from waas_api.storage.signed_requests import SignedRequests

Result = TypeVar("Result")


class MinioGrowingObjects(ABC):
    """GrowingObjects by signed requests; whoever inherits says how calls that block are run."""

    _requests: SignedRequests
    _part_bytes: int

    @abstractmethod
    async def _run(self, call: Callable[[], Result]) -> Result: ...

    @abstractmethod
    async def _send(self, call: Callable[[], Result]) -> Result: ...

    async def begin(self, key: str, notes_prefix: str) -> GrowingObject:
        """Begin a multipart upload."""
        upload = await self._run(lambda: MultipartUpload.begin(key, self._requests))
        # With its size of parts, which a setting may change before the upload has ended.
        return GrowingObject(key, notes_prefix, f"{self._part_bytes}:{upload.upload_id}")

    async def measure(self, growing: GrowingObject) -> int:
        """Return the length of the parts and of what is left over."""

        def measure() -> int:
            try:
                upload = _Upload(growing, self._requests)
            except ObjectNotFound:
                answer = self._requests.send("HEAD", f"/{growing.key}", {})
                return int(answer.headers["Content-Length"])
            return upload.length + len(upload.read_rest())

        return await self._run(measure)

    async def append(self, growing: GrowingObject, offset: int, body: AsyncIterator[bytes]) -> int:
        """Store whole parts as they come, and in the end what is left over."""
        upload = await self._run(lambda: _Upload(growing, self._requests))
        buffer = PartBuffer(upload.part_bytes, await self._run(upload.read_rest))
        if upload.length + buffer.length != offset:
            raise WrongOffset(upload.length + buffer.length)
        sending = PartSending(upload.parts, self._send)
        try:
            await sending.send_all(buffer, body)
            await sending.finish()
        finally:
            # Also for a client that went: it will not have to send that again.
            saving = asyncio.ensure_future(self._save_rest(upload, sending, buffer.rest()))
            await asyncio.shield(saving)
        return upload.length + buffer.length

    async def _save_rest(self, upload: "_Upload", sending: PartSending, rest: bytes) -> None:
        # What is left over would come after a part that the store did not take.
        if await sending.settle() and len(rest) < upload.part_bytes:
            await self._run(lambda: upload.write_rest(rest))

    async def finish(self, growing: GrowingObject) -> None:
        """Make what is left over the last part, and the parts an object."""

        def finish() -> None:
            try:
                upload = _Upload(growing, self._requests)
                rest = upload.read_rest()
                if rest:
                    upload.parts.add(rest)
                upload.parts.complete()
                upload.remove_old_rest()
            except ObjectNotFound:
                # Another process may have done it.
                self._requests.send("HEAD", f"/{growing.key}", {})

        await self._run(finish)


class _Upload:
    """A growing object as it stands; every method blocks."""

    def __init__(self, growing: GrowingObject, requests: SignedRequests) -> None:
        part_bytes, _, upload_id = growing.handle.partition(":")
        self.part_bytes = int(part_bytes)
        self._notes_prefix = growing.notes_prefix
        self._requests = requests
        self.parts = MultipartUpload(growing.key, upload_id, requests)
        self.parts.look_up(self.part_bytes)
        self._count_before = self._count

    @property
    def _count(self) -> int:
        return len(self.parts.etags)

    @property
    def length(self) -> int:
        return self._count * self.part_bytes

    def _rest_path(self, parts: int) -> str:
        return f"/{self._notes_prefix}rest-{parts}"

    def read_rest(self) -> bytes:
        try:
            return self._requests.send("GET", self._rest_path(self._count), {}).data
        except ObjectNotFound:
            return b""

    def write_rest(self, rest: bytes) -> None:
        if rest:
            self._requests.send("PUT", self._rest_path(self._count), {}, rest)
        self.remove_old_rest()

    def remove_old_rest(self) -> None:
        """Remove what was left over before the last parts came, and is in them now."""
        if self._count > self._count_before:
            path = self._rest_path(self._count_before)
            self._requests.send("DELETE", path, {}, expected=(204, 404))
