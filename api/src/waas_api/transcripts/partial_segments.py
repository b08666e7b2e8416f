"""Reads what a running job has heard so far: once for all who listen, and only while somebody does.

The job writes the object anew every few seconds; its status tells only now and then that it got on.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from waas_api.errors import ObjectNotFound, StorageError
from waas_api.http.reading_aside import read_aside
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import partial_key
from waas_contract.transcript import PartialTranscript

logger = logging.getLogger(__name__)

_LONGEST_AGE_SECONDS = 10.0
_SHORTEST_AGE_SECONDS = 1.0


class PartialReader:
    """The segments of one job."""

    def __init__(
        self,
        key: str,
        storage: ObjectStorage,
        *,
        largest_bytes: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._key = key
        self._storage = storage
        self._largest_bytes = largest_bytes
        self._monotonic = monotonic
        self._progress: object = None
        self._read_time: float | None = None
        self._lock = asyncio.Lock()
        self.latest: PartialTranscript | None = None
        self.listeners = 0

    async def read(self, progress: object) -> PartialTranscript | None:
        """Return the segments, read anew if the job has got on or some time has passed.

        `progress` is anything that changes when the job gets on. Of several listeners one reads,
        and the others wait for it.
        """
        async with self._lock:
            if self._is_old(progress):
                await self._read()
                self._progress = progress
                self._read_time = self._monotonic()
            return self.latest

    def _is_old(self, progress: object) -> bool:
        if self._read_time is None:
            return True
        age = self._monotonic() - self._read_time
        has_got_on = progress != self._progress
        return age >= (_SHORTEST_AGE_SECONDS if has_got_on else _LONGEST_AGE_SECONDS)

    async def _read(self) -> None:
        try:
            content = await self._storage.read(self._key, largest_bytes=self._largest_bytes)
            self.latest = await read_aside(PartialTranscript.model_validate_json, content)
        except ObjectNotFound:
            pass  # the job has written none yet, or writes none at all
        except (StorageError, ValidationError) as error:
            # They come with the next reading, or with the transcript.
            logger.warning(
                "could not read partial segments: %s",
                type(error).__name__,
                extra=log_fields(key=self._key),
            )


class PartialReaders:
    """One reader for each job that anybody listens to."""

    def __init__(
        self,
        storage: ObjectStorage,
        *,
        largest_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._largest_bytes = largest_bytes
        self._monotonic = monotonic
        self._readers: dict[str, PartialReader] = {}

    @contextmanager
    def reader(self, namespace: str, name: str) -> Iterator[PartialReader]:
        """Give the reader of a job, for as long as somebody listens."""
        key = partial_key(namespace, name)
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = PartialReader(
                key, self._storage, largest_bytes=self._largest_bytes, monotonic=self._monotonic
            )
        reader.listeners += 1
        try:
            yield reader
        finally:
            reader.listeners -= 1
            if not reader.listeners:
                del self._readers[key]
