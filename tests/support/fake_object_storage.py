"""Object storage in memory, for unit tests of the api."""

import hashlib
import math
import time
from collections.abc import AsyncIterator

from waas_api.errors import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    StorageUnavailable,
    WrongOffset,
)
from waas_api.storage.growing_objects import GrowingObject
from waas_api.storage.object_storage import StoredObject


class FakeObjectStorage:
    """Keeps objects in a dict; goes away and comes back as a test wants."""

    def __init__(self, piece_bytes: int = 4) -> None:
        """Give content away in pieces, so small that nobody can take one for all of it."""
        self._piece_bytes = piece_bytes
        self.objects: dict[str, bytes] = {}
        self.growing: dict[str, bytes] = {}
        self.is_away = False
        self.reads: list[str] = []
        """The keys that were read, in order."""

        self.stays_for_bytes: int | None = None
        """Bytes after which it goes away in the middle of an upload."""

        self.leaves_unfinished = False
        """Whether a failed upload leaves something to discard."""

    def _check(self) -> None:
        if self.is_away:
            raise StorageUnavailable("object storage failed: ConnectionError")

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        self._check()
        data = b""
        try:
            async for chunk in body:
                data += chunk
                if self.stays_for_bytes is not None and len(data) >= self.stays_for_bytes:
                    self.is_away = True
                self._check()
        except BaseException:
            if self.leaves_unfinished:
                self.objects[key] = data
            raise
        self.objects[key] = data
        return len(data)

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        self._check()
        self.reads.append(key)
        if key not in self.objects:
            raise ObjectNotFound(f"no such object: {key}")
        if len(self.objects[key]) > largest_bytes:
            raise ObjectTooLarge(f"{key} is larger than {largest_bytes} bytes")
        return self.objects[key]

    async def write(self, key: str, content: bytes) -> None:
        self._check()
        self.objects[key] = content

    async def list_keys(self, prefix: str) -> list[str]:
        self._check()
        return [key for key in self.objects if key.startswith(prefix)]

    async def begin(self, key: str, notes_prefix: str) -> GrowingObject:
        self._check()
        self.growing[key] = b""
        return GrowingObject(key, notes_prefix, "fake")

    async def measure(self, growing: GrowingObject) -> int:
        self._check()
        found = self.growing.get(growing.key, self.objects.get(growing.key))
        if found is None:
            raise ObjectNotFound(f"no such object: {growing.key}")
        return len(found)

    async def append(self, growing: GrowingObject, offset: int, body: AsyncIterator[bytes]) -> int:
        self._check()
        if growing.key not in self.growing:
            raise ObjectNotFound(f"no such object: {growing.key}")
        if len(self.growing[growing.key]) != offset:
            raise WrongOffset(len(self.growing[growing.key]))
        async for chunk in body:
            self._check()
            self.growing[growing.key] += chunk
        return len(self.growing[growing.key])

    async def finish(self, growing: GrowingObject) -> None:
        self._check()
        if growing.key in self.growing:
            self.objects[growing.key] = self.growing.pop(growing.key)
        elif growing.key not in self.objects:
            raise ObjectNotFound(f"no such object: {growing.key}")

    async def move(self, key: str, new_key: str) -> None:
        self._check()
        if key not in self.objects:
            raise ObjectNotFound(f"no such object: {key}")
        self.objects[new_key] = self.objects.pop(key)

    async def store_new(self, key: str, content: bytes) -> None:
        self._check()
        if key in self.objects:
            raise ObjectExists(f"there is an object already: {key}")
        self.objects[key] = content

    async def copy(self, key: str, target: str) -> None:
        self.objects[target] = await self.read(key, largest_bytes=2**62)

    async def look_at(self, key: str) -> StoredObject:
        content = await self.read(key, largest_bytes=2**62)
        return StoredObject(len(content), hashlib.sha256(content).hexdigest())

    async def read_range(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        content = await self.read(key, largest_bytes=2**62)
        end = min(first + length, len(content))
        for place in range(first, end, self._piece_bytes):
            yield content[place : min(place + self._piece_bytes, end)]

    async def discard(self, key: str) -> None:
        self._check()
        self.objects.pop(key, None)
        self.growing.pop(key, None)

    async def discard_all(self, prefix: str, *, until: float = math.inf) -> None:
        self._check()
        if time.monotonic() >= until:
            raise StorageUnavailable("object storage removes too slowly")
        for key in [each for each in self.objects if each.startswith(prefix)]:
            del self.objects[key]

    async def is_ready(self) -> bool:
        try:
            self._check()
        except StorageError:
            return False
        return True
