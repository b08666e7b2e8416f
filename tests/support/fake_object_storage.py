"""Object storage in memory, for unit tests of the api."""

import hashlib
from collections.abc import AsyncIterator

from waas_api.errors import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    StorageUnavailable,
)
from waas_api.object_storage import StoredObject


class FakeObjectStorage:
    """Keeps objects in a dict; goes away and comes back as a test wants."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
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

    async def list_keys(self, prefix: str) -> tuple[str, ...]:
        self._check()
        return tuple(sorted(key for key in self.objects if key.startswith(prefix)))

    async def look_at(self, key: str) -> StoredObject:
        content = await self.read(key, largest_bytes=2**62)
        return StoredObject(len(content), hashlib.sha256(content).hexdigest())

    async def read_range(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        content = await self.read(key, largest_bytes=2**62)
        for place in range(first, min(first + length, len(content)), 4):
            yield content[place : min(place + 4, first + length)]

    async def discard(self, key: str) -> None:
        self._check()
        self.objects.pop(key, None)

    async def discard_all(self, prefix: str) -> None:
        self._check()
        for key in [each for each in self.objects if each.startswith(prefix)]:
            del self.objects[key]

    async def is_ready(self) -> bool:
        try:
            self._check()
        except StorageError:
            return False
        return True
