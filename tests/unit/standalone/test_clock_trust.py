"""Which time of this machine may decide that something is deleted."""

from datetime import datetime, timedelta

import pytest

from support.builders import NOW
from waas_standalone.clock_trust import explain_distrust

DAY = timedelta(days=1)
CASES: list[tuple[str, datetime | None, bool]] = [
    ("somebody was here just now", NOW, True),
    ("somebody was here a year ago", NOW - 366 * DAY, True),
    ("the clock was set back", NOW + 5 * DAY, True),
    ("years have passed, or the clock is wrong", NOW - 401 * DAY, False),
    ("there are no records", None, False),
]


@pytest.mark.parametrize(
    ("newest", "is_trusted"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_a_time_far_past_the_newest_record_is_not_trusted(
    newest: datetime | None, is_trusted: bool
) -> None:
    assert (explain_distrust(NOW, newest) is None) is is_trusted
