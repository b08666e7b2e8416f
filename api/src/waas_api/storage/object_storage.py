"""What the api needs of object storage: audio in and transcripts out."""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from waas_api.storage.growing_objects import GrowingObjects


@dataclass(frozen=True)
class StoredObject:
    """What is known of an object without reading it."""

    bytes: int
    version: str
    """Differs when the content does."""


class ObjectStorage(GrowingObjects, Protocol):
    """What the api needs of a bucket."""

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body under a key and return its length; what the body raises comes through.

        After an error something may be left under the key: discard it.
        """
        ...

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        """Return an object, or raise ObjectNotFound or ObjectTooLarge."""
        ...

    async def write(self, key: str, content: bytes) -> None:
        """Store a small object, in place of one that is there."""
        ...

    async def list_keys(self, prefix: str) -> list[str]:
        """Return the keys of all objects below a prefix that ends with "/", in no order."""
        ...

    async def move(self, key: str, new_key: str) -> None:
        """Give an object another key, over what was there, or raise ObjectNotFound.

        After any other error it may be found under either key or both.
        """
        ...

    async def discard(self, key: str) -> None:
        """Remove the object and every unfinished upload of it; nothing there is fine."""
        ...

    async def discard_all(self, prefix: str, *, until: float = math.inf) -> None:
        """Remove everything below a prefix that ends with "/"; nothing there is fine.

        Raises StorageUnavailable where it is not ready `until` then, by `time.monotonic`: who asked
        may no longer be the only one who works below the prefix.
        """
        ...

    async def store_new(self, key: str, content: bytes) -> None:
        """Store an object whole, or raise ObjectExists where one is under that key already."""
        ...

    async def copy(self, key: str, target: str) -> None:
        """Have an object under another key as well, or raise ObjectNotFound."""
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
