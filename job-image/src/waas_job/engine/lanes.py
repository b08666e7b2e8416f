"""Lanes side by side, each in a thread: feeds them, and puts what they decode into order."""

import queue
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from threading import Thread
from types import TracebackType
from typing import Self

from waas_job.engine.held_memory import give_back_freed_memory
from waas_job.engine.lane import Lane, NumberedWindow
from waas_job.engine.windows import DecodedWindow

_Outcome = tuple[int, DecodedWindow] | BaseException | None
"""What a lane tells: a window is decoded, something went wrong, or a window was taken."""

_WINDOWS_BETWEEN_RETURNS = 4
"""Decoded before freed memory goes back to the system: seconds of work for milliseconds."""


class _Stopped(Exception):  # nothing went wrong
    """Nobody wants the rest."""


class Lanes:
    """Threads that decode; a context, at whose end they are gone."""

    def __init__(
        self, lanes: Sequence[Lane], *, taken_at_once: int = 1, most_under_way: int
    ) -> None:
        """Keep as many windows at hand as each of them takes at once, and at least two."""
        self._most_under_way = most_under_way
        self._ahead = max(2, taken_at_once) * len(lanes)
        self._windows: queue.Queue[NumberedWindow | None] = queue.Queue()
        self._outcomes: queue.Queue[_Outcome] = queue.Queue()
        self._is_stopped = False
        self._threads = [
            Thread(target=self._run, args=(lane,), name="waas-lane", daemon=True) for lane in lanes
        ]

    def __enter__(self) -> Self:
        """Start them."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop them within a token, whatever they have left."""
        self._is_stopped = True
        self._windows.put(None)
        for thread in self._threads:
            thread.join()
        # Of short recordings, and of windows that come one by one, none is ever the fourth.
        give_back_freed_memory()

    def decode(
        self, first: Sequence[NumberedWindow], rest: Iterable[NumberedWindow]
    ) -> Iterator[DecodedWindow]:
        """Yield windows in their order; raises what a lane raises."""
        windows = chain(first, rest)
        ready: dict[int, DecodedWindow] = {}
        taken = given = 0
        has_more = True
        while has_more or given < taken:
            # Looked for only as lanes ask: whoever makes the windows may take a while for each.
            while (
                has_more
                and self._windows.qsize() < self._ahead
                and (taken - given < self._most_under_way)
            ):
                window = next(windows, None)
                has_more = window is not None
                taken += has_more
                self._windows.put(window)
            if given == taken:
                continue
            outcome = self._outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is None:
                continue
            ready[outcome[0]] = outcome[1]
            if (given + len(ready)) % _WINDOWS_BETWEEN_RETURNS == 0:
                give_back_freed_memory()
            while given in ready:
                yield ready.pop(given)
                given += 1

    def _run(self, lane: Lane) -> None:
        try:
            lane.run(self._take, lambda index, decoded: self._outcomes.put((index, decoded)))
        except _Stopped:
            pass
        except BaseException as error:
            self._outcomes.put(error)

    def _take(self, most: int, wait: bool) -> list[NumberedWindow]:
        taken: list[NumberedWindow] = []
        if self._is_stopped:
            raise _Stopped
        while len(taken) < most:
            try:
                window = self._windows.get(block=wait and not taken)
            except queue.Empty:
                break
            if window is None or self._is_stopped:
                # For the other lanes, too.
                self._windows.put(None)
                break
            taken.append(window)
            self._outcomes.put(None)
        return taken
