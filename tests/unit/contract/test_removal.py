"""Who may remove a job that has ended, and from when."""

from datetime import UTC, datetime, timedelta

import pytest

from waas_contract.names import REMOVAL_ANNOTATION
from waas_contract.removal import LEASE, LONGEST_DISCARD_SECONDS, mark_removal, seconds_until_free

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def marked(text: str) -> dict[str, str]:
    return {REMOVAL_ANNOTATION: text}


CASES: list[tuple[str, dict[str, str], float]] = [
    ("nobody is at it", {}, 0),
    ("somebody has just begun", mark_removal("api-1", NOW), 300),
    ("somebody began a while ago", mark_removal("api-1", NOW - 299 * SECOND), 1),
    ("somebody began and has died", mark_removal("api-1", NOW - LEASE), 0),
    ("we began ourselves", mark_removal("me", NOW), 0),
    ("somebody's clock is a little ahead", mark_removal("api-1", NOW + 60 * SECOND), 360),
    ("somebody's clock is years ahead", mark_removal("api-1", NOW + 1000 * LEASE), 0),
    ("something else is written there", marked("yes"), 0),
    ("a time without an offset", marked("2026-11-22T12:00:00 api-1"), 0),
    ("a time at the end of all", marked("9999-12-31T23:59:59+00:00 api-1"), 0),
]


@pytest.mark.parametrize(
    ("annotations", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_when_it_is_our_turn(annotations: dict[str, str], seconds: float) -> None:
    assert seconds_until_free(annotations, "me", NOW) == seconds


def test_who_has_begun_stops_long_before_another_begins() -> None:
    assert timedelta(seconds=LONGEST_DISCARD_SECONDS) + timedelta(minutes=3) < LEASE
