"""How often a job is looked at, and how long it is said to take."""

import pytest

from waas_client import Job
from waas_client.command_line.showing.news import describe_wait
from waas_client.command_line.showing.time_left import TimeLeft, format_seconds
from waas_client.waiting import next_pause


@pytest.mark.parametrize(
    ("sentence", "waited", "position", "expected"),
    [
        ("a new job is looked at often", 0.0, None, 0.2),
        ("a tenth of the wait may be lost", 20.0, None, 2.0),
        ("nobody learns of the end five seconds late", 3600.0, None, 5.0),
        ("who stands far back asks less often", 0.0, 30, 3.0),
        ("but asks", 0.0, 4000, 5.0),
    ],
)
def test_the_pause_fits_the_wait(
    sentence: str, waited: float, position: int | None, expected: float
) -> None:
    job = Job(id="a", phase="Queued", position_in_queue=position)

    assert next_pause(job, waited) == pytest.approx(expected), sentence


def test_the_time_left_is_by_the_latest_speed() -> None:
    left = TimeLeft()

    assert left.estimate(0.0, 0.0) is None
    assert left.estimate(10.0, 0.1) == pytest.approx(90.0)
    assert left.estimate(40.0, 0.2) == pytest.approx(240.0)
    # The first ten seconds were quick; by now they do not count.
    assert left.estimate(70.0, 0.3) == pytest.approx(210.0)


def test_what_begins_anew_is_estimated_anew() -> None:
    left = TimeLeft()
    left.estimate(0.0, 0.0)
    left.estimate(10.0, 0.9)

    assert left.estimate(20.0, 0.0) is None
    assert left.estimate(30.0, 0.5) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (58.5, "59 s"), (60, "1:01 min"), (3725, "1:02 h")]
)
def test_seconds_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("position", "message", "text"),
    [
        (3, "Waiting for its turn.", "waiting, 3 before it"),
        (0, "Waiting for its turn.", "waiting for its turn"),
        (None, None, "waiting for its turn"),
        (0, "No node has a GPU.", "waiting: No node has a GPU."),
    ],
)
def test_people_are_told_what_a_job_waits_for(
    position: int | None, message: str | None, text: str
) -> None:
    job = Job(id="a", phase="Queued", position_in_queue=position, message=message)

    assert describe_wait(job) == text
