"""An event loop whose clock jumps to the next timer, so that nobody waits; and no chance."""

import asyncio
import selectors
from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

Result = TypeVar("Result")


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting, moves the clock by as long as it should have waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("every task waits, and no timer is set")
        if not ready and timeout:
            self.now += timeout
        return ready


class _FakeTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping_selector = _JumpingSelector()
        super().__init__(self._jumping_selector)

    def time(self) -> float:
        return self._jumping_selector.now


def run_in_fake_time(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in which `asyncio.sleep` takes no time but moves the loop's clock."""
    with asyncio.Runner(loop_factory=_FakeTimeLoop) as runner:
        return runner.run(main)


class NoJitter(Random):
    """Chooses the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2
