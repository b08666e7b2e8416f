"""Whether this machine's clock may decide that something is deleted. Pure.

What is deleted because of a wrong clock does not come back, so a doubt keeps it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_SKEW = timedelta(minutes=2)
"""Less than the time by which leases of removals outlast the work (`waas_contract.removal`)."""


class ServerClock:
    """What time a server has, by the `Date` header of its last answer."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that nobody sets."""
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None
        self._last_text: str | None = None

    def note(self, date: str | None) -> None:
        """Note the header of an answer that came just now; one that is no date is passed over.

        Many answers come within the second that a date stands for: it is read once.
        """
        if date == self._last_text:
            return
        try:
            parsed = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        self._last, self._last_text = (parsed, self._monotonic()), date

    def explain_distrust(self, now: datetime) -> str | None:
        """Return why somebody whose clock says `now` must delete nothing; None where he may."""
        if self._last is None:
            return "the API server has not told its time"
        date, noted = self._last
        server_now = date + timedelta(seconds=self._monotonic() - noted)
        if abs(now - server_now) <= MOST_SKEW:
            return None
        return (
            f"this machine's clock says {now.isoformat()} and the API server's"
            f" {server_now.isoformat(timespec='seconds')}: set the one that is wrong"
        )
