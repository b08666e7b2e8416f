"""How long something will take, by how it went lately."""

from collections import deque

_WINDOW_SECONDS = 30.0


class TimeLeft:
    """Estimates from the speed of the last half minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def estimate(self, now: float, fraction: float) -> float | None:
        """Note how much is done and return the seconds that the rest takes; None if unknown."""
        if self._samples and fraction < self._samples[-1][1]:
            self._samples.clear()  # it began anew
        self._samples.append((now, fraction))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
            self._samples.popleft()
        began, done_before = self._samples[0]
        gained = fraction - done_before
        if gained <= 0:
            return None
        return (1 - fraction) * (now - began) / gained


def format_seconds(seconds: float) -> str:
    """Return a span of time as people say it, rounded up so that it is rather kept than missed."""
    whole = int(seconds) + 1
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d} h"
