"""When the operator counts as live and as ready."""

import pytest

from waas_operator.health import Health

RESYNC_SECONDS = 300


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock, RESYNC_SECONDS)


def test_it_is_ready_once_it_has_seen_what_there_is(health: Health) -> None:
    assert not health.is_ready
    health.note_round()
    assert health.is_ready


def test_it_is_live_for_three_rounds_without_one(health: Health, clock: Clock) -> None:
    assert health.is_live
    clock.now += 3 * RESYNC_SECONDS - 1
    assert health.is_live
    clock.now += 1
    assert not health.is_live


def test_each_round_counts_anew(health: Health, clock: Clock) -> None:
    for _ in range(5):
        clock.now += 2 * RESYNC_SECONDS
        health.note_round()
        assert health.is_live
    clock.now += 3 * RESYNC_SECONDS
    assert not health.is_live


def test_it_stays_ready_while_it_waits_for_a_restart(health: Health, clock: Clock) -> None:
    health.note_round()
    clock.now += 100 * RESYNC_SECONDS

    assert health.is_ready
    assert not health.is_live
