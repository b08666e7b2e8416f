"""Whether this machine's clock may decide that something is deleted. Pure.

There is no other clock to ask, but the records: whoever starts years after the newest of them has
more likely a wrong clock than a server that rested for so long.
"""

from datetime import datetime, timedelta

LONGEST_GAP = timedelta(days=400)
"""How much later than the newest record anything is deleted."""


def explain_distrust(now: datetime, newest: datetime | None) -> str | None:
    """Return why nothing must be deleted at `now`; None where it may.

    `newest` is the latest time in the records, or None where there are none.
    """
    if newest is None:
        return "no record tells how late it is"
    if now - newest <= LONGEST_GAP:
        return None
    return (
        f"the clock says {now.isoformat(timespec='seconds')}, and the newest record is of"
        f" {newest.isoformat(timespec='seconds')}: set the clock, or transcribe something and"
        " start the server again"
    )
