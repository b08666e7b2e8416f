"""Who removes a job that has ended: one program at a time, and its name becomes free last.

Names recur: whoever makes a job under the name of one that is gone stores audio below the same
prefix. So nobody may still discard objects below it once the record is gone. Every program that
removes a job, the operator and the api alike, goes these steps:

1. Read the record. If `seconds_until_free` is more than 0, somebody else is at it: do nothing.
2. Note the time (monotonic), then write the annotation that `mark_removal` returns, on condition
   that the record still has the uid and the resourceVersion that were read. On a conflict, begin
   again. From here on, nobody else discards.
3. Discard the objects, for LONGEST_DISCARD_SECONDS at most since the noted time. Who is not ready
   by then stops, keeps the record and begins again.
4. Delete the record, on condition of its uid.

While the record exists, its name is taken. It is deleted by the one who marked it, after the last
object; or by another one, after LEASE, when the first has long stopped. A clock may be wrong by
the difference of the two.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from waas_contract.names import REMOVAL_ANNOTATION

LONGEST_DISCARD_SECONDS = 60.0
"""How long one that has marked a record may discard; the last request may end a little later."""

LEASE = timedelta(minutes=5)
"""How long a mark keeps others away, so long as nobody takes the record away itself."""


def mark_removal(holder: str, now: datetime) -> dict[str, str]:
    """Return the annotation that says who removes a record since when.

    `holder` names one process, not a program: another one must never use the same.
    """
    return {REMOVAL_ANNOTATION: f"{now.isoformat(timespec='seconds')} {holder}"}


def seconds_until_free(annotations: Mapping[str, str], holder: str, now: datetime) -> float:
    """Return for how long somebody else may be at the removal; 0 where `holder` may begin."""
    text, _, other = annotations.get(REMOVAL_ANNOTATION, "").partition(" ")
    if not text or other == holder:
        return 0.0
    try:
        marked = datetime.fromisoformat(text)
        remaining = marked + LEASE - now
    except (ValueError, TypeError, OverflowError):
        # No program of ours has written that.
        return 0.0
    # No mark keeps anybody away for ever, whatever the clock said by which it was written.
    is_believable = remaining <= 2 * LEASE
    return max(0.0, remaining.total_seconds()) if is_believable else 0.0
