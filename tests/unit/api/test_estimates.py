"""When jobs will be done, and when nobody can tell."""

from typing import Any

import pytest

from support.api_builders import NOW
from support.index_builders import after, make_summary
from waas_api.jobs.estimates import Basis, Estimate, estimate_running, forecast_line, measure_speeds
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Task

TINY = ("tiny", Task.TRANSCRIBE)


def make_running(name: str = "r", **changes: Any) -> Any:
    """Return a job that has done 20 of 60 seconds in 10."""
    given: dict[str, Any] = {
        "phase": Phase.RUNNING,
        "start_time": after(-10),
        "progress_time": NOW,
        "processed_seconds": 20.0,
        "duration_seconds": 60.0,
    }
    return make_summary(name, **(given | changes))


@pytest.mark.parametrize(
    ("sentence", "changes", "seconds"),
    [
        ("what is missing takes as long as what is done did", {}, 20),
        ("a note that is old tells of the time since", {"progress_time": after(-5),
                                                      "start_time": after(-15)}, 15),
        ("the past is no estimate", {"progress_time": after(-90), "start_time": after(-100)}, 0),
        ("all is done but for the end", {"processed_seconds": 60.0}, 0),
        ("nothing is done yet", {"processed_seconds": 0.0}, None),
        ("nobody knows the length", {"duration_seconds": None}, None),
        ("it has told nothing yet", {"progress_time": None}, None),
        ("the clocks disagree", {"start_time": after(3)}, None),
        ("it does not run", {"phase": Phase.SUSPENDED}, None),
    ],
)  # fmt: skip
def test_a_running_job_is_measured_by_itself(
    sentence: str, changes: dict[str, Any], seconds: float | None
) -> None:
    found = estimate_running(make_running(**changes), NOW)

    expected = None
    if seconds is not None:
        expected = Estimate(completion_time=after(seconds), basis=Basis.PROGRESS)
    assert found == expected, sentence


def make_done(number: int, seconds: float, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "phase": Phase.SUCCEEDED,
        "start_time": after(number),
        "completion_time": after(number + seconds),
        "duration_seconds": 100.0,
    }
    return make_summary(f"done-{number}", **(given | changes))


def test_the_speed_of_a_kind_is_the_median_of_recent_jobs() -> None:
    jobs = [
        *(make_done(number, seconds) for number, seconds in enumerate((10, 20, 90))),
        *(make_done(number, 50, model="base") for number in range(2)),
        *(make_done(number, 50, phase=Phase.FAILED) for number in range(9)),
        *(make_done(number, 50, duration_seconds=None) for number in range(9)),
    ]

    assert measure_speeds(jobs) == {TINY: 0.2}


def test_only_the_latest_of_a_kind_are_measured() -> None:
    old = [make_done(number, 900) for number in range(50)]
    new = [make_done(1000 + number, 30) for number in range(20)]

    assert measure_speeds([*new, *old]) == {TINY: 0.3}


def make_waiting(name: str, duration: float | None, model: str = "tiny") -> Any:
    return make_summary(name, duration_seconds=duration, model=model)


@pytest.mark.parametrize(
    ("sentence", "waiting", "running", "expected"),
    [
        ("one after the other where one runs",
         [make_waiting("a", 100), make_waiting("b", 50)], [make_running()],
         {"a": 40, "b": 50}),
        ("two at a time where two run",
         [make_waiting("a", 100), make_waiting("b", 50), make_waiting("c", 10)],
         [make_running("r1"), make_running("r2")], {"a": 40, "b": 30, "c": 32}),
        ("nobody knows when the first will start where none runs",
         [make_waiting("a", 100)], [], {}),
        ("nobody knows when a running job of unknown length ends",
         [make_waiting("a", 100)], [make_running(duration_seconds=None)], {}),
        ("an unknown length hides all behind it",
         [make_waiting("a", 100), make_waiting("b", None), make_waiting("c", 10)],
         [make_running()], {"a": 40}),
        ("so does a model that nobody has measured",
         [make_waiting("a", 100, "base"), make_waiting("b", 10)], [make_running()], {}),
    ],
)  # fmt: skip
def test_the_line_is_told_by_those_before(
    sentence: str, waiting: list[Any], running: list[Any], expected: dict[str, float]
) -> None:
    found = forecast_line(waiting, running, {TINY: 0.2}, NOW)

    assert found == {
        name: Estimate(completion_time=after(seconds), basis=Basis.QUEUE)
        for name, seconds in expected.items()
    }, sentence
