"""Whether what the api depends on answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping


class Readiness:
    """Asks each dependency, and remembers the answers for a few seconds."""

    def __init__(
        self,
        checks: Mapping[str, Callable[[], Awaitable[bool]]],
        *,
        longest_check_seconds: float = 3.0,
        longest_age_seconds: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
        warnings: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._checks = checks
        self.warnings = warnings
        """What an administrator should mend although requests can be served."""

        self._longest_check_seconds = longest_check_seconds
        self._longest_age_seconds = longest_age_seconds
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._failing: tuple[str, ...] = ()
        self._check_time: float | None = None

    async def failing(self) -> tuple[str, ...]:
        """Return the names of the dependencies that do not answer."""
        async with self._lock:
            now = self._monotonic()
            if self._check_time is None or now - self._check_time >= self._longest_age_seconds:
                answers = await asyncio.gather(*map(self._is_ready, self._checks.values()))
                self._failing = tuple(
                    name
                    for name, is_ready in zip(self._checks, answers, strict=True)
                    if not is_ready
                )
                self._check_time = self._monotonic()
            return self._failing

    async def _is_ready(self, check: Callable[[], Awaitable[bool]]) -> bool:
        try:
            async with asyncio.timeout(self._longest_check_seconds):
                return await check()
        except TimeoutError:
            return False
