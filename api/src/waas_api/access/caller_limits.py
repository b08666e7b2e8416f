"""What one caller may ask of this process: requests, uploads at once, bytes.

Counted in memory: each replica has counts of its own, and a restart begins anew. That keeps one
caller's mistake from the others; it is no invoice.
"""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from waas_api.access.callers import Caller
from waas_api.access.token_bucket import TokenBucket
from waas_api.errors import LimitReached, UploadTooLarge

_MINUTE = 60.0
_DAY = 24 * 3600.0
_SHORT_WAIT_SECONDS = 10
_MANY_BUCKETS = 10_000

_CallerKey = tuple[object, ...]


class _Buckets:
    """A bucket for each caller who has taken from it lately."""

    def __init__(self, capacity: int, period_seconds: float) -> None:
        self.capacity = capacity
        self._period_seconds = period_seconds
        self._buckets: dict[_CallerKey, TokenBucket] = {}

    def of(self, key: _CallerKey, now: float) -> TokenBucket:
        if len(self._buckets) >= _MANY_BUCKETS and key not in self._buckets:
            # A full one holds nothing that a new one would not.
            self._buckets = {
                each: bucket for each, bucket in self._buckets.items() if not bucket.is_full(now)
            }
        return self._buckets.setdefault(
            key, TokenBucket.full(self.capacity, self._period_seconds, now)
        )


class CallerLimits:
    """Keeps each caller within the administrator's limits; None is no limit."""

    def __init__(
        self,
        *,
        requests_per_minute: int | None = None,
        uploads_at_once: int | None = None,
        upload_bytes_per_day: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uploads_at_once = uploads_at_once
        self._requests = _Buckets(requests_per_minute, _MINUTE) if requests_per_minute else None
        self._bytes = _Buckets(upload_bytes_per_day, _DAY) if upload_bytes_per_day else None
        self._uploads: Counter[_CallerKey] = Counter()
        self._monotonic = monotonic

    def admit_request(self, caller: Caller) -> None:
        """Count a request, or raise LimitReached."""
        if self._requests is None:
            return
        now = self._monotonic()
        bucket = self._requests.of(_key_of(caller), now)
        if wait := bucket.seconds_until(1, now):
            raise LimitReached(
                "You have sent too many requests. Wait a moment.", retry_after_seconds=_round(wait)
            )
        bucket.take(1, now)

    @contextmanager
    def admit_upload(self, caller: Caller, announced_bytes: int | None = None) -> Iterator[None]:
        """Count an upload for as long as it lasts, or raise LimitReached.

        Raises:
            UploadTooLarge: so long a one fits into no day.
        """
        key = _key_of(caller)
        if self._uploads_at_once is not None and self._uploads[key] >= self._uploads_at_once:
            raise LimitReached(
                f"You may send {self._uploads_at_once} recordings at once. Wait until one is done.",
                retry_after_seconds=_SHORT_WAIT_SECONDS,
            )
        if self._bytes is not None:
            if (announced_bytes or 0) > self._bytes.capacity:
                raise UploadTooLarge(f"You may send {self._bytes.capacity} bytes a day.")
            self._check_bytes(self._bytes, caller, max(1, announced_bytes or 0))
        self._uploads[key] += 1
        try:
            yield
        finally:
            self._uploads[key] -= 1
            if not self._uploads[key]:
                del self._uploads[key]

    async def count(self, caller: Caller, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass a body on and count its bytes, or raise LimitReached at one too many."""
        async for chunk in body:
            if self._bytes is not None:
                bucket = self._check_bytes(self._bytes, caller, len(chunk))
                bucket.take(len(chunk), self._monotonic())
            yield chunk

    def _check_bytes(self, buckets: _Buckets, caller: Caller, count: int) -> TokenBucket:
        now = self._monotonic()
        bucket = buckets.of(_key_of(caller), now)
        if wait := bucket.seconds_until(count, now):
            raise LimitReached(
                f"You may send {buckets.capacity} bytes a day, and this is more than is left of "
                "them. Send it later.",
                retry_after_seconds=_round(wait),
            )
        return bucket


def _key_of(caller: Caller) -> _CallerKey:
    return (caller.namespace, caller.owner, caller.shared)


def _round(seconds: float) -> int:
    return max(1, math.ceil(seconds))
