"""What the api needs of a store for objects that arrive in pieces, over hours and restarts.

All that is known of one lies in the store, so that any process can take the next piece.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class GrowingObject:
    """An object that is not whole yet."""

    key: str
    """Where it will lie."""

    notes_prefix: str
    """A prefix of its own for what the store keeps meanwhile; ends with "/"."""

    handle: str
    """What the store knows it by."""


class GrowingObjects(Protocol):
    """Objects that are written piece by piece."""

    async def begin(self, key: str, notes_prefix: str) -> GrowingObject:
        """Begin an object; `discard` of the key and `discard_all` of the notes end it."""
        ...

    async def measure(self, growing: GrowingObject) -> int:
        """Return how much of it is in the store, all of it once it is whole.

        Raises:
            ObjectNotFound: it was discarded.
        """
        ...

    async def append(self, growing: GrowingObject, offset: int, body: AsyncIterator[bytes]) -> int:
        """Add a piece and return the length with it; what the body raises comes through.

        What came before an error is kept as far as possible: measure it.

        Raises:
            WrongOffset: the object is shorter or longer than the offset.
            ObjectNotFound: it was discarded, or is whole already.
        """
        ...

    async def finish(self, growing: GrowingObject) -> None:
        """Make it an object like others; one that is whole already stays as it is."""
        ...
