"""What is worked out for the whole line serves for some seconds."""

from support.api_builders import NOW
from support.index_builders import after, list_into, make_resource
from waas_api.jobs.estimates import Basis
from waas_api.jobs.forecasts import Forecasts
from waas_api.jobs.index import JobIndex


def make_index() -> JobIndex:
    """Return one with three measured jobs, one that runs and one that waits."""
    audio = {"durationSeconds": 100}
    done = {
        "phase": "Succeeded",
        "startTime": NOW.isoformat(),
        "completionTime": after(20).isoformat(),
        "audio": audio,
    }
    running = {
        "phase": "Running",
        "startTime": after(-10).isoformat(),
        "audio": audio,
        "progress": {"percent": 50, "processedSeconds": 50, "updatedTime": NOW.isoformat()},
    }
    statuses = {"a": done, "b": done, "c": done, "r": running}
    statuses["w"] = {"phase": "Queued", "audio": audio}
    resources = [
        make_resource(name, 1, created=after(place)) | {"status": status}
        for place, (name, status) in enumerate(statuses.items())
    ]
    index = JobIndex()
    list_into(index, 9, *resources)
    return index


def test_who_waits_is_told_by_who_runs_and_by_those_before() -> None:
    index, moments = make_index(), [0.0]
    forecasts = Forecasts(monotonic=lambda: moments[0])
    waiting = index.summary("w")
    assert waiting is not None

    first = forecasts.estimate(waiting, index, NOW)
    index.remove("r", 10)
    soon = forecasts.estimate(waiting, index, NOW)
    moments[0] = 6.0
    later = forecasts.estimate(waiting, index, NOW)

    assert first is not None
    assert (first.basis, first.completion_time) == (Basis.QUEUE, after(30))
    assert soon == first
    assert later is None
