"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(
    look: Callable[[], Found | None],
    claim: str,
    *,
    timeout_seconds: float = 300,
    poll_seconds: float = 0.1,
) -> Found:
    """Return the first true thing that `look` finds; fails when it never comes."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_seconds:.0f} s: {claim}")
        time.sleep(poll_seconds)
