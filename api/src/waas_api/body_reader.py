"""Lets a thread read a body that arrives in the event loop."""

import asyncio
from collections.abc import AsyncIterator

import anyio.from_thread

from waas_api.errors import UploadCutOff


class BodyReader:
    """Lets minio's thread read a body that arrives in the event loop.

    The loop gathers a whole part before the thread wakes, and reads no further until the thread
    asks again: that is all the back-pressure there is, and it reaches the client's socket.
    """

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._rest = b""
        self._gathering: asyncio.Task[object] | None = None
        self._is_interrupted = False
        self.failure: Exception | None = None
        self.size = 0

    def read(self, size: int) -> bytes:
        """Return that many bytes, fewer only at the end."""
        try:
            data: bytes = anyio.from_thread.run(self._gather, size)
        except Exception as error:
            self.failure = error
            raise
        except BaseException as error:
            # minio gives up the multipart upload for an Exception, not for a CancelledError.
            self.failure = UploadCutOff("Upload cut off: the service is stopping.")
            raise self.failure from error
        self.size += len(data)
        return data

    async def _gather(self, size: int) -> bytes:
        if self._is_interrupted:
            raise asyncio.CancelledError
        self._gathering = asyncio.current_task()
        part = bytearray()
        while len(part) < size:
            chunk = self._rest or await anext(self._body, b"")
            if not chunk:
                break
            missing = size - len(part)
            part += chunk[:missing]
            self._rest = chunk[missing:]
        self._gathering = None
        return bytes(part)

    def interrupt(self) -> None:
        """Make the thread's present or next read fail."""
        self._is_interrupted = True
        if self._gathering is not None:
            self._gathering.cancel()
