"""Tells whoever listens which jobs have changed.

A listener is told names, not what happened: it looks at the job as it is by then. So one that is
slow misses steps in between and never the last one, and each name waits for it once at most.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Subscription:
    """Names that have changed since they were last asked for."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._woken = asyncio.Event()
        self.is_closed = False
        """Whether nothing will come any more."""

    def tell(self, name: str) -> None:
        """Note a name."""
        self._names.add(name)
        self._woken.set()

    @property
    def pending(self) -> frozenset[str]:
        """Return the names that the next look will give."""
        return frozenset(self._names)

    def close(self) -> None:
        """Let whoever waits end."""
        self.is_closed = True
        self._woken.set()

    async def wait(self, longest_seconds: float) -> frozenset[str]:
        """Return the names once there are any, it is closed, or the time is over."""
        try:
            async with asyncio.timeout(longest_seconds):
                await self._woken.wait()
        except TimeoutError:
            return frozenset()
        self._woken.clear()
        names = frozenset(self._names)
        self._names.clear()
        return names


class JobChanges:
    """The changes of the jobs of one namespace."""

    def __init__(self) -> None:
        self._of_all: set[Subscription] = set()
        self._of_one: dict[str, set[Subscription]] = {}

    def publish(self, name: str) -> None:
        """Tell everybody whom it concerns that a job has changed, come or gone."""
        for each in self._of_one.get(name, ()):
            each.tell(name)
        for each in self._of_all:
            each.tell(name)

    @contextmanager
    def subscribed(self, name: str | None = None) -> Iterator[Subscription]:
        """Listen to one job, or to all."""
        subscription = Subscription()
        group = self._of_all if name is None else self._of_one.setdefault(name, set())
        group.add(subscription)
        try:
            yield subscription
        finally:
            group.discard(subscription)
            if name is not None and not group:
                del self._of_one[name]
