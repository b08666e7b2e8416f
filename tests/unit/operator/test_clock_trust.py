"""Which clock may decide that something is deleted."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from support.builders import NOW
from waas_operator.clock_trust import ServerClock

DATE = format_datetime(NOW, usegmt=True)
CASES: list[tuple[str, str | None, float, float, bool]] = [
    ("they agree", DATE, 0, 0, True),
    ("they agree an hour after the answer", DATE, 3600, 3600, True),
    ("ours is a minute ahead", DATE, 0, 60, True),
    ("ours is a minute behind", DATE, 0, -60, True),
    ("ours is some minutes ahead", DATE, 0, 300, False),
    ("ours was set ahead after the answer", DATE, 10, 86_400, False),
    ("ours is years ahead", DATE, 0, 1e8, False),
    ("ours is years behind", DATE, 0, -1e8, False),
    ("it told nothing", None, 0, 0, False),
    ("it told no date", "yesterday", 0, 0, False),
]


@pytest.mark.parametrize(
    ("date", "elapsed", "ahead", "is_trusted"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_clock_that_differs_is_not_trusted(
    date: str | None, elapsed: float, ahead: float, is_trusted: bool
) -> None:
    seconds = [0.0]
    clock = ServerClock(lambda: seconds[0])
    clock.note(date)
    seconds[0] = elapsed

    reason = clock.explain_distrust(NOW + timedelta(seconds=ahead))

    assert (reason is None) is is_trusted


def test_the_time_goes_on_after_several_answers_of_one_second() -> None:
    seconds = [0.0]
    clock = ServerClock(lambda: seconds[0])
    for moment in (0.0, 0.9):
        seconds[0] = moment
        clock.note(DATE)
    seconds[0] = 3600
    clock.note(format_datetime(NOW + timedelta(hours=1), usegmt=True))
    seconds[0] = 7200

    assert clock.explain_distrust(NOW + timedelta(hours=2)) is None
    assert clock.explain_distrust(NOW + timedelta(hours=1))


def test_an_answer_without_a_date_leaves_the_last_one() -> None:
    clock = ServerClock(lambda: 0)
    for date in (DATE, None, ""):
        clock.note(date)
    assert clock.explain_distrust(NOW) is None
