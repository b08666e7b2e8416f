"""A request's body as it arrives, held to its length and to its time."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import anyio
from starlette.requests import ClientDisconnect

from waas_api.errors import UploadCutOff, UploadStalled, UploadTooLarge


@dataclass(frozen=True)
class UploadLimits:
    """How long a body may be and how long it may take."""

    largest_bytes: int
    longest_idle_seconds: float
    longest_seconds: float


class UploadBody:
    """An iterator over a body's chunks that raises an UploadError when it does not end well."""

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        *,
        announced_bytes: int | None,
        limits: UploadLimits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chunks = chunks
        self.announced_bytes = announced_bytes
        self.limits = limits
        self._monotonic = monotonic
        self._deadline: float | None = None
        self._held = b""
        self.received_bytes = 0
        if announced_bytes is not None:
            self._check_length(announced_bytes)

    def _check_length(self, length: int) -> None:
        if length > self.limits.largest_bytes:
            raise UploadTooLarge(
                f"Upload too large: at most {self.limits.largest_bytes} bytes are accepted. "
                "Send the sound alone, or cut the recording."
            )

    async def is_empty(self) -> bool:
        """Wait for the first byte and tell whether there is none; no byte is lost by it."""
        return not await self.peek(1)

    async def peek(self, size: int) -> bytes:
        """Wait for so many bytes and return them, fewer only at the end; none is lost by it."""
        while len(self._held) < size:
            chunk = await self._receive()
            if not chunk:
                break
            self._held += chunk
        return self._held[:size]

    async def drain(self) -> None:
        """Read what is left, and keep none of it."""
        async for _ in self:
            pass

    def __aiter__(self) -> "UploadBody":
        return self

    async def __anext__(self) -> bytes:
        chunk, self._held = self._held, b""
        chunk = chunk or await self._receive()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def _receive(self) -> bytes:
        """Return the next chunk that is not empty, or b"" at the body's end."""
        chunk = b""
        while not chunk:
            try:
                with anyio.fail_after(self._seconds_left()):
                    chunk = await anext(self._chunks)
            except StopAsyncIteration:
                return self._end()
            except TimeoutError as error:
                raise UploadStalled("Upload stalled: send the recording again.") from error
            except ClientDisconnect as error:
                raise UploadCutOff("Upload cut off: send the recording again.") from error
        self.received_bytes += len(chunk)
        self._check_length(self.received_bytes)
        return chunk

    def _seconds_left(self) -> float:
        now = self._monotonic()
        if self._deadline is None:
            self._deadline = now + self.limits.longest_seconds
        return max(0.0, min(self.limits.longest_idle_seconds, self._deadline - now))

    def _end(self) -> bytes:
        if self.announced_bytes is not None and self.received_bytes < self.announced_bytes:
            raise UploadCutOff(
                f"Upload cut off: {self.received_bytes} of {self.announced_bytes} bytes arrived. "
                "Send the recording again."
            )
        return b""
