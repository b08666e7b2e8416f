"""Sends the parts of an upload while the next ones are gathered."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from waas_api.storage.multipart_uploads import MultipartUpload
from waas_api.storage.part_buffer import Part, PartBuffer

PARTS_AT_ONCE = 2
"""Of one upload: the store takes the next part in while it makes sure of the one before."""


RunAside = Callable[[Callable[[], str]], Awaitable[str]]
"""Runs a call that blocks without keeping others waiting."""


class PartSending:
    """The parts of one upload that are on their way; its `etags` are of those that are there."""

    def __init__(self, upload: MultipartUpload, run: RunAside) -> None:
        self._upload = upload
        self._run = run
        self._on_their_way: deque[asyncio.Future[str]] = deque()

    async def send_all(self, buffer: PartBuffer, body: AsyncIterator[bytes]) -> int:
        """Send what is buffered and what comes, in whole parts, and return how many bytes.

        The body is read no further until there is room for a part: that is all the back-pressure
        there is, and it reaches the client's socket. What is no part stays in the buffer.
        """
        size = 0
        while True:
            while buffer.has_part:
                size += await self.send(buffer.take_part())
            piece = await anext(body, None)
            if piece is None:
                return size
            buffer.add(piece)

    async def send(self, part: Part) -> int:
        """Begin to send the next part once there is room for it, and return its length."""
        if len(self._on_their_way) == PARTS_AT_ONCE:
            await self._await_oldest()
        number = len(self._upload.etags) + len(self._on_their_way) + 1
        sending = self._run(partial(self._upload.put, number, part))
        self._on_their_way.append(asyncio.ensure_future(sending))
        return sum(map(len, part))

    async def finish(self) -> None:
        """Wait until all are there."""
        while self._on_their_way:
            await self._await_oldest()

    async def _await_oldest(self) -> None:
        self._upload.etags.append(await asyncio.shield(self._on_their_way[0]))
        self._on_their_way.popleft()

    async def settle(self) -> bool:
        """Wait until none is on its way any more, and tell whether all are there.

        A thread cannot be cancelled, and what it sends must not come after the end.
        """
        if self._on_their_way:
            await asyncio.wait(self._on_their_way)
        # All are looked at: an error that nobody has seen is told as one that got lost.
        errors = [each.exception() for each in self._on_their_way]
        if any(errors):
            return False
        await self.finish()
        return True
