"""Object storage in memory, for unit tests of the api."""

from collections.abc import AsyncIterator

from waas_api.errors import ObjectNotFound, ObjectTooLarge, StorageError, StorageUnavailable


class FakeObjectStorage:
    """Keeps objects in a dict; goes away and comes back as a test wants."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_away = False
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
