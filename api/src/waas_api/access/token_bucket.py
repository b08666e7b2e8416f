"""A budget that fills up again with time (the token bucket)."""

from dataclasses import dataclass


@dataclass
class TokenBucket:
    """Holds at most `capacity` tokens, and gets as many again in `period_seconds`.

    It may be overdrawn, which takes as much longer.
    """

    capacity: float
    period_seconds: float
    tokens: float
    time: float
    """When the tokens were counted last."""

    @classmethod
    def full(cls, capacity: float, period_seconds: float, now: float) -> "TokenBucket":
        """Return a bucket that nobody has taken from."""
        return cls(capacity, period_seconds, capacity, now)

    def seconds_until(self, tokens: float, now: float) -> float:
        """Return how long it takes until it holds so many; 0 if it does."""
        self._fill(now)
        return max(0.0, (tokens - self.tokens) * self.period_seconds / self.capacity)

    def take(self, tokens: float, now: float) -> None:
        """Take tokens out, more than there are if need be."""
        self._fill(now)
        self.tokens -= tokens

    def is_full(self, now: float) -> bool:
        """Tell whether it is as if nobody had ever taken from it."""
        self._fill(now)
        return self.tokens >= self.capacity

    def _fill(self, now: float) -> None:
        gained = max(0.0, now - self.time) * self.capacity / self.period_seconds
        self.tokens = min(self.capacity, self.tokens + gained)
        self.time = now
