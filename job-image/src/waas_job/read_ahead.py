"""Does one part of the work while another is waited for, and never runs far ahead of it."""

import queue
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.2


class ReadAhead(Iterator[T]):
    """Takes from an iterable in a thread of its own, from now on, and holds a few items ready.

    What the iterable raises is raised here, in its turn. It is to be closed.
    """

    def __init__(self, items: Iterable[T], *, most: int) -> None:
        self._items = items
        self._ready: queue.Queue[T | _End] = queue.Queue(maxsize=most)
        self._is_closed = threading.Event()
        self._end: _End | None = None
        self._thread = threading.Thread(target=self._work, name="read-ahead", daemon=True)
        self._thread.start()

    def __next__(self) -> T:
        item = self._end or self._ready.get()
        if not isinstance(item, _End):
            return item
        self._end = item
        raise item.error or StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop after the item at hand; what is ready is lost."""
        self._is_closed.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._is_closed.is_set():
                    return
            self._put(_End(None))
        except BaseException as error:
            self._put(_End(error))

    def _put(self, item: "T | _End") -> None:
        while not self._is_closed.is_set():
            try:
                self._ready.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error
