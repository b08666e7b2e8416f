"""The jobs under /v2: made, looked at, listed, cancelled, deleted."""

from datetime import timedelta

import pytest

from support.api_builders import (
    JOB_ID,
    NAMESPACE,
    NOW,
    Api,
    make_settings,
    make_spec,
    make_status,
    make_succeeded_condition,
)
from support.fake_transcription_jobs import CREATION_TIME
from waas_api.errors import ClusterUnavailable
from waas_contract.job_status import (
    AudioStatus,
    Condition,
    ConditionType,
    Phase,
    Progress,
)

PROBLEM = "application/problem+json"


async def test_the_service_says_what_it_is() -> None:
    answer = await Api().get("/v2")

    assert answer.status_code == 200
    assert answer.json()["service"] == "waas"
    assert answer.json()["version"]


async def test_models_are_listed_with_the_default() -> None:
    api = Api(settings=make_settings(models="tiny.en,base", default_model="base"))

    assert (await api.get("/v2/models")).json() == {
        "models": [
            {"name": "tiny.en", "isEnglishOnly": True},
            {"name": "base", "isEnglishOnly": False},
        ],
        "default": "base",
    }


async def test_a_body_that_is_too_long_is_a_problem() -> None:
    api = Api(settings=make_settings(largest_upload_bytes=10))

    answer = await api.request("POST", "/v2/jobs", b"x" * 11)

    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    assert answer.json()["detail"].startswith("Upload too large: at most 10 bytes are accepted.")


async def test_a_running_job_shows_its_progress() -> None:
    api = Api()
    api.jobs.put(
        JOB_ID,
        make_spec(),
        make_status(
            Phase.RUNNING,
            attempts=1,
            start_time=NOW,
            progress=Progress(percent=42, processed_seconds=25.2),
            audio=AudioStatus(duration_seconds=60, language="sv"),
        ),
    )

    answer = (await api.get(f"/v2/jobs/{JOB_ID}")).json()

    shown = {
        "phase": "Running",
        "progress": 42,
        "processedSeconds": 25.2,
        "audio": {"durationSeconds": 60.0, "language": "sv"},
        "language": None,
        "attempts": 1,
        "startTime": "2026-11-22T18:00:00Z",
        "positionInQueue": None,
    }
    assert {key: answer[key] for key in shown} == shown


async def test_a_waiting_job_says_what_for_and_behind_how_many() -> None:
    api = Api()
    api.jobs.put("earlier", make_spec(), None, CREATION_TIME - timedelta(seconds=1))
    waits = Condition(
        type=ConditionType.STARTED,
        status="False",
        reason="Unschedulable",
        message="No node has a free GPU.",
        last_transition_time=NOW,
    )
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.QUEUED, conditions=(waits,)))

    answer = (await api.get(f"/v2/jobs/{JOB_ID}")).json()

    assert answer["positionInQueue"] == 1
    assert (answer["reason"], answer["message"]) == ("Unschedulable", "No node has a free GPU.")


async def test_a_failed_job_says_why() -> None:
    api = Api()
    failed = make_succeeded_condition("False", "BadAudio", "No sound in it.")
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED, conditions=(failed,)))

    answer = (await api.get(f"/v2/jobs/{JOB_ID}")).json()

    assert (answer["reason"], answer["message"]) == ("BadAudio", "No sound in it.")


async def test_jobs_are_listed_page_by_page() -> None:
    api = Api()
    for number in range(5):
        api.jobs.put(f"job-{number}", make_spec(), None, CREATION_TIME + timedelta(number))

    seen = []
    path = "/v2/jobs?limit=2"
    while path:
        page = (await api.get(path)).json()
        seen += [(job["id"], job["positionInQueue"]) for job in page["jobs"]]
        path = f"/v2/jobs?limit=2&cursor={page['cursor']}" if page["cursor"] else ""

    assert seen == [("job-4", 4), ("job-3", 3), ("job-2", 2), ("job-1", 1), ("job-0", 0)]


@pytest.mark.parametrize(
    ("query", "name", "detail"),
    [
        ("limit=0", "invalid-request", "limit: Input should be greater than or equal to 1."),
        ("limit=many", "invalid-request", "limit: Input should be a valid integer"),
        ("cursor=nowhere", "invalid-cursor", "This cursor is wrong: list from the beginning."),
    ],
)
async def test_a_page_that_there_is_not_is_a_problem(query: str, name: str, detail: str) -> None:
    answer = await Api().get(f"/v2/jobs?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.json()["type"].endswith(f":{name}")
    assert answer.json()["detail"].startswith(detail)


async def test_cancelling_is_asked_for_as_often_as_one_likes() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))

    answers = [await api.request("POST", f"/v2/jobs/{JOB_ID}/cancel") for _ in range(2)]

    assert [(each.status_code, each.json()["cancelled"]) for each in answers] == [(200, True)] * 2
    assert api.jobs.jobs[JOB_ID].spec.cancelled


async def test_a_job_that_has_ended_stays_as_it_is_when_cancelled() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.SUCCEEDED))

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/cancel")

    assert (answer.status_code, answer.json()["phase"]) == (200, "Succeeded")
    assert not api.jobs.jobs[JOB_ID].spec.cancelled


async def test_deleting_takes_the_objects_and_the_record_and_no_neighbours() -> None:
    api = Api()
    api.finish()
    neighbour = f"{NAMESPACE}/{JOB_ID}0/manifest.json"
    api.storage.objects[neighbour] = b"{}"

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (api.storage.objects, api.jobs.jobs) == ({neighbour: b"{}"}, {})
    assert (await api.request("DELETE", f"/v2/jobs/{JOB_ID}")).status_code == 404


@pytest.mark.parametrize("phase", [each for each in Phase if not each.is_final])
async def test_a_job_that_has_not_ended_is_not_deleted(phase: Phase) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        f"The job is {phase}. Cancel it first, and delete it once it has ended."
    )
    assert JOB_ID in api.jobs.jobs


async def test_a_deletion_that_breaks_half_way_can_be_done_again() -> None:
    api = Api()
    api.finish()
    api.jobs.delete_error = ClusterUnavailable("the API server cannot be reached")

    broken = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")
    api.jobs.delete_error = None
    again = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert (broken.status_code, broken.headers["retry-after"]) == (503, "10")
    assert again.status_code == 204
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_a_store_that_is_away_keeps_the_record() -> None:
    api = Api()
    api.finish()
    api.storage.is_away = True

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert (answer.status_code, answer.json()["title"]) == (
        503,
        "Object storage does not work just now",
    )
    assert JOB_ID in api.jobs.jobs


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", f"/v2/jobs/{JOB_ID}", 404, "job-not-found"),
        ("GET", "/v2/jobs/UPPER", 404, "job-not-found"),
        ("POST", f"/v2/jobs/{JOB_ID}/cancel", 404, "job-not-found"),
        ("DELETE", f"/v2/jobs/{JOB_ID}", 404, "job-not-found"),
        ("GET", f"/v2/jobs/{JOB_ID}/results/srt", 404, "job-not-found"),
        ("GET", "/v2/nothing", 404, "not-found"),
        ("PUT", "/v2/jobs", 405, "method-not-allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    method: str, path: str, status: int, name: str
) -> None:
    answer = await Api().request(method, path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["type"] == f"tag:waas.dev,2026:{name}"
    assert answer.json()["detail"]


async def test_an_unforeseen_error_is_a_problem_without_its_words() -> None:
    api = Api()
    api.jobs.read_error = RuntimeError("the password is hunter2")  # type: ignore[assignment]

    answer = await api.get(f"/v2/jobs/{JOB_ID}")

    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "hunter2" not in answer.text
