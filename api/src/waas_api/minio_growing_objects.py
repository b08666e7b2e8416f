"""Growing objects in S3: a multipart upload, and beside it an object with what is no part yet.

Every part but the last has the same size, so that the number of parts says where each begins: two
processes that write the same piece write the same parts. What is left over, less than a part, lies
under a name with the number of parts before it, and counts only while that is the number.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from waas_api.errors import ObjectNotFound, StorageUnavailable, WrongOffset
from waas_api.growing_objects import GrowingObject
from waas_api.signed_requests import SignedRequests

Result = TypeVar("Result")

S3_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_PARTS_LISTED = 1000


class MinioGrowingObjects:
    """GrowingObjects by signed requests; whoever inherits says how blocking calls are run."""

    _requests: SignedRequests
    _part_bytes: int

    async def _run(self, call: Callable[[], Result]) -> Result:
        raise NotImplementedError

    async def begin(self, key: str, notes_prefix: str) -> GrowingObject:
        """Begin a multipart upload."""

        def begin() -> str:
            answer = self._requests.send("POST", f"/{key}", {"uploads": ""})
            return ElementTree.fromstring(answer.data).findtext(f"{S3_NAMESPACE}UploadId", "")

        # With its size of parts, which a setting may change before the upload has ended.
        return GrowingObject(key, notes_prefix, f"{self._part_bytes}:{await self._run(begin)}")

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
        rest = bytearray(await self._run(upload.read_rest))
        if upload.length + len(rest) != offset:
            raise WrongOffset(upload.length + len(rest))
        try:
            async for chunk in body:
                rest += chunk
                while len(rest) >= upload.part_bytes:
                    part = bytes(memoryview(rest)[: upload.part_bytes])
                    await self._run(lambda part=part: upload.add(part))  # type: ignore[misc]
                    del rest[: upload.part_bytes]
        finally:
            # Also for a client that went: it will not have to send that again.
            saving = asyncio.ensure_future(self._save_rest(upload, bytes(rest)))
            await asyncio.shield(saving)
        return upload.length + len(rest)

    async def _save_rest(self, upload: "_Upload", rest: bytes) -> None:
        # A whole part that is still here is one that the store did not take.
        if len(rest) < upload.part_bytes:
            await self._run(lambda: upload.write_rest(rest))

    async def finish(self, growing: GrowingObject) -> None:
        """Make what is left over the last part, and the parts an object."""

        def finish() -> None:
            try:
                upload = _Upload(growing, self._requests)
                rest = upload.read_rest()
                if rest:
                    upload.add(rest)
                upload.complete()
                upload.remove_old_rest()
            except ObjectNotFound:
                # Another process may have done it.
                self._requests.send("HEAD", f"/{growing.key}", {})

        await self._run(finish)


class _Upload:
    """A multipart upload as it stands; every method blocks."""

    def __init__(self, growing: GrowingObject, requests: SignedRequests) -> None:
        part_bytes, _, self._id = growing.handle.partition(":")
        self.part_bytes = int(part_bytes)
        self._growing = growing
        self._requests = requests
        self._etags = self._list_etags()
        self._parts_before = len(self._etags)

    @property
    def length(self) -> int:
        return len(self._etags) * self.part_bytes

    def _list_etags(self) -> list[str]:
        """Return the tags of the parts that follow each other from the first."""
        etags: list[str] = []
        while True:
            answer = self._requests.send(
                "GET",
                f"/{self._growing.key}",
                {
                    "uploadId": self._id,
                    "max-parts": str(_PARTS_LISTED),
                    "part-number-marker": str(len(etags)),
                },
            )
            listing = ElementTree.fromstring(answer.data)
            parts = listing.findall(f"{S3_NAMESPACE}Part")
            for part in parts:
                number = int(part.findtext(f"{S3_NAMESPACE}PartNumber", "0"))
                size = int(part.findtext(f"{S3_NAMESPACE}Size", "0"))
                if number != len(etags) + 1 or size != self.part_bytes:
                    # A last part, from a finish that broke: what is left over is still there.
                    return etags
                etags.append(part.findtext(f"{S3_NAMESPACE}ETag", ""))
            if not parts or listing.findtext(f"{S3_NAMESPACE}IsTruncated") != "true":
                return etags

    def _rest_path(self, parts: int) -> str:
        return f"/{self._growing.notes_prefix}rest-{parts}"

    def read_rest(self) -> bytes:
        try:
            return self._requests.send("GET", self._rest_path(len(self._etags)), {}).data
        except ObjectNotFound:
            return b""

    def write_rest(self, rest: bytes) -> None:
        if rest:
            self._requests.send("PUT", self._rest_path(len(self._etags)), {}, rest)
        self.remove_old_rest()

    def remove_old_rest(self) -> None:
        """Remove what was left over before the last parts came, and is in them now."""
        if len(self._etags) > self._parts_before:
            path = self._rest_path(self._parts_before)
            self._requests.send("DELETE", path, {}, expected=(204, 404))

    def add(self, part: bytes) -> None:
        """Store a part after those that there are."""
        number = len(self._etags) + 1
        answer = self._requests.send(
            "PUT",
            f"/{self._growing.key}",
            {"partNumber": str(number), "uploadId": self._id},
            part,
        )
        self._etags.append(answer.headers["ETag"])

    def complete(self) -> None:
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in enumerate(self._etags, start=1)
        )
        answer = self._requests.send(
            "POST",
            f"/{self._growing.key}",
            {"uploadId": self._id},
            f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode(),
        )
        # S3 may begin a good answer before it knows that it has failed.
        if ElementTree.fromstring(answer.data).tag.endswith("Error"):
            raise StorageUnavailable("object storage could not put an upload's parts together")
