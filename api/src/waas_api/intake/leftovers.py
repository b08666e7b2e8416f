"""Removes what failed uploads leave in object storage, however long the store is away."""

import asyncio
import logging

from waas_api.errors import StorageError
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.log_lines import log_fields

logger = logging.getLogger(__name__)


class Leftovers:
    """Keys under which nothing may stay.

    What it has not managed to remove when the program ends is logged, and left to the bucket's
    own rule for unfinished uploads.
    """

    def __init__(
        self,
        storage: ObjectStorage,
        *,
        first_pause_seconds: float = 1.0,
        longest_pause_seconds: float = 30.0,
    ) -> None:
        self._storage = storage
        self._first_pause_seconds = first_pause_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._keys: set[str] = set()
        self._removing: asyncio.Task[None] | None = None

    async def discard(self, key: str) -> None:
        """Remove what lies under a key, now or as soon as the store is back."""
        if await self._try(key):
            return
        self._keys.add(key)
        if self._removing is None or self._removing.done():
            self._removing = asyncio.create_task(self._remove_all())

    async def _try(self, key: str) -> bool:
        try:
            await self._storage.discard(key)
        except StorageError as error:
            logger.warning(
                "could not remove a failed upload yet: %s", error, extra=log_fields(key=key)
            )
            return False
        return True

    async def _remove_all(self) -> None:
        pause = self._first_pause_seconds
        while self._keys:
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause_seconds)
            for key in tuple(self._keys):
                if not await self._try(key):
                    break  # the store is still away
                self._keys.discard(key)
                pause = self._first_pause_seconds

    async def close(self) -> None:
        """Try once more, then say what is left."""
        if self._removing is not None:
            self._removing.cancel()
            await asyncio.wait([self._removing])
        for key in tuple(self._keys):
            if not await self._try(key):
                logger.error("a failed upload stays in object storage", extra=log_fields(key=key))
