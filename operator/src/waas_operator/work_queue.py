"""A queue of keys that never holds a key twice and slows down on keys that fail.

The same rules as in Kubernetes' own controllers (client-go's workqueue): a key that is added while
it is processed is processed once more afterwards, and never by two consumers at once. A key waits
for one moment at most: whoever processes it decides anew when it is looked at again.
"""

import asyncio
import random
import time
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 300.0


class WorkQueue(Generic[Key]):
    """Hands keys to consumers, one consumer a key at a time."""

    def __init__(self, *, jitter: random.Random | None = None) -> None:
        """Take a source of randomness for the delays after failures."""
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: dict[Key, float] = {}
        self._processed: set[Key] = set()
        self._added_meanwhile: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._jitter = jitter or random.Random()
        self.retries = 0
        """How often a key failed and was put off."""

        self._is_shut_down = False
        self._drained = asyncio.Event()

    @property
    def depth(self) -> int:
        """Return how many keys wait for a consumer."""
        return len(self._waiting)

    @property
    def oldest_seconds(self) -> float:
        """Return for how long the first of them has waited."""
        first = next(iter(self._waiting.values()), None)
        return 0.0 if first is None else time.monotonic() - first

    def add(self, key: Key) -> None:
        """Ask for a key to be processed soon."""
        if self._is_shut_down:
            return
        if key in self._processed:
            self._added_meanwhile.add(key)
        elif key not in self._waiting:
            self._waiting[key] = time.monotonic()
            self._ready.put_nowait(key)

    def add_after(self, key: Key, delay_seconds: float) -> None:
        """Ask for a key to be processed after a while, instead of when it was asked for last.

        It is forgotten when the key is processed before that.
        """
        self._forget_timer(key)
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(delay_seconds, self._end_delay, key)

    async def get(self) -> Key:
        """Return the next key; the consumer must call `done` or `failed` with it."""
        key = await self._ready.get()
        if self._is_shut_down:
            # Whoever waits here is cancelled with the rest of the process.
            await asyncio.Event().wait()
        self._waiting.pop(key, None)
        self._processed.add(key)
        self._forget_timer(key)
        return key

    def done(self, key: Key) -> None:
        """Say that a key was processed well."""
        self._failures.pop(key, None)
        self._release(key)

    def failed(self, key: Key, *, longest_seconds: float | None = None) -> float:
        """Say that a key failed; returns the seconds until it is tried again."""
        self.retries += 1
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(_FIRST_DELAY_SECONDS * 2.0 ** min(failures, 30), _LONGEST_DELAY_SECONDS)
        delay *= self._jitter.uniform(0.75, 1.25)
        if longest_seconds is not None:
            delay = min(delay, longest_seconds)
        self._release(key)
        self.add_after(key, delay)
        return delay

    async def drain(self) -> None:
        """Hand out no key any more; returns once none is processed."""
        self._is_shut_down = True
        if self._processed:
            await self._drained.wait()

    def _release(self, key: Key) -> None:
        self._processed.discard(key)
        if self._is_shut_down and not self._processed:
            self._drained.set()
        if key in self._added_meanwhile:
            self._added_meanwhile.discard(key)
            self.add(key)

    def _end_delay(self, key: Key) -> None:
        del self._timers[key]
        self.add(key)

    def _forget_timer(self, key: Key) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
