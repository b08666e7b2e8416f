"""Reads what may be long without keeping others waiting: hours of speech take a noticeable time."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

Read = TypeVar("Read")

_SHORT_BYTES = 64 * 1024
"""Read in a few milliseconds, as a few minutes of speech are: a thread gains nothing there."""


async def read_aside(read: Callable[[bytes], Read], content: bytes) -> Read:
    """Return what is read from content, in a thread if that is long."""
    if len(content) <= _SHORT_BYTES:
        return read(content)
    return await anyio.to_thread.run_sync(read, content)
