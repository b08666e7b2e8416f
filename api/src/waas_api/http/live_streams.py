"""The event streams that are open: how many there may be, how long each lasts, and their end."""

from collections.abc import Iterator
from contextlib import contextmanager

from waas_api.errors import TooManyStreams
from waas_api.jobs.changes import Subscription


class LiveStreams:
    """All streams of one program."""

    def __init__(self, most: int, *, longest_seconds: float = 900.0) -> None:
        self._most = most
        self.longest_seconds = longest_seconds
        """After that a client asks anew, by its last event: whether it may is found out again."""

        self._open: set[Subscription] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._open)

    def check_room(self) -> None:
        """Raise TooManyStreams unless another may be opened."""
        if self._is_closed or len(self._open) >= self._most:
            raise TooManyStreams("Too many clients listen. Ask for the job's status instead.")

    @contextmanager
    def joined(self, subscription: Subscription) -> Iterator[None]:
        """Have a stream among the open ones."""
        if self._is_closed:
            subscription.close()
        self._open.add(subscription)
        try:
            yield
        finally:
            self._open.discard(subscription)

    def close(self) -> None:
        """End all streams: their clients ask again, of a program that stays."""
        self._is_closed = True
        for each in tuple(self._open):
            each.close()
