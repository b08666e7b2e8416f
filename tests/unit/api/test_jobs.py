"""GET /v1/jobs/<id> and GET /v1/queue."""

from datetime import UTC, datetime, timedelta

import pytest

from support.api_builders import (
    JOB_ID,
    Api,
    make_spec,
    make_status,
    make_succeeded_condition,
)
from support.fake_transcription_jobs import CREATION_TIME
from waas_api.errors import ClusterUnavailable
from waas_contract.job_status import (
    AudioStatus,
    Phase,
    Progress,
)
from waas_contract.transcription_job import Notifications

SECRETIVE = make_spec(
    notifications=Notifications(email="a@b.no", webhook_id="news"), language="no", model="base"
)


async def test_a_new_job_is_shown_whole() -> None:
    api = Api()
    api.jobs.put(JOB_ID, SECRETIVE)

    answer = await api.get(f"/v1/jobs/{JOB_ID}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (
        '{"args":[null,"base","transcribe","norwegian",null,null],"ended_at":null,'
        '"enqueued_at":"Sun, 22 Nov 2026 17:25:45 GMT","exc_info":null,'
        '"func_name":"transcriber.transcribe","language":"no","last_heartbeat":null,'
        '"message":null,"meta":{"email":null,"uploaded_filename":"Bl\\u00e5b\\u00e6r (1)",'
        '"webhook_id":null},"model":"base","origin":"default","phase":"Pending",'
        '"position_in_queue":0,"progress":null,"queue_size":1,"reason":null,"result":null,'
        '"seconds_used":2055.0,"started_at":null,"status":"queued","worker_name":null}\n'
    )


async def test_a_running_job_shows_its_progress() -> None:
    api = Api()
    started = datetime(2026, 11, 22, 17, 30, 0, tzinfo=UTC)
    heard = started + timedelta(minutes=1)
    api.jobs.put(
        JOB_ID,
        make_spec(),
        make_status(
            Phase.RUNNING,
            start_time=started,
            job_name="waas-1",
            progress=Progress(percent=42, updated_time=heard),
            audio=AudioStatus(duration_seconds=60, language="sv"),
        ),
    )

    answer = (await api.get(f"/v1/jobs/{JOB_ID}")).json()

    shown = {
        "status": "started",
        "phase": "Running",
        "started_at": "Sun, 22 Nov 2026 17:30:00 GMT",
        "last_heartbeat": "Sun, 22 Nov 2026 17:31:00 GMT",
        "progress": 42,
        "language": "sv",
        "worker_name": "waas-1",
        "position_in_queue": None,
        "queue_size": 0,
    }
    assert {key: answer[key] for key in shown} == shown


async def test_a_failed_job_says_why_and_how_long_it_took() -> None:
    api = Api()
    api.jobs.put(
        JOB_ID,
        SECRETIVE,
        make_status(
            Phase.FAILED,
            completion_time=CREATION_TIME + timedelta(seconds=90),
            conditions=(make_succeeded_condition("False", "BadAudio", "No sound in it."),),
        ),
    )

    answer = await api.get(f"/v1/jobs/{JOB_ID}")

    shown = {
        "status": "failed",
        "exc_info": "BadAudio: No sound in it.",
        "reason": "BadAudio",
        "message": "No sound in it.",
        "seconds_used": 90.0,
        "ended_at": "Sun, 22 Nov 2026 17:27:15 GMT",
    }
    assert {key: answer.json()[key] for key in shown} == shown
    assert "a@b.no" not in answer.text
    assert "news" not in answer.text
    assert SECRETIVE.source.key not in answer.text


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        (Phase.PENDING, "queued"),
        (Phase.QUEUED, "queued"),
        (Phase.SUSPENDED, "deferred"),
        (Phase.RUNNING, "started"),
        (Phase.SUCCEEDED, "finished"),
        (Phase.FAILED, "failed"),
        (Phase.CANCELLED, "canceled"),
    ],
)
async def test_every_phase_has_a_word_of_the_old_service(phase: Phase, status: str) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))

    assert (await api.get(f"/v1/jobs/{JOB_ID}")).json()["status"] == status


def put_queue(api: Api) -> None:
    """Have four jobs wait: c came first, then a and b in one second, then d."""
    later = CREATION_TIME + timedelta(seconds=5)
    api.jobs.put("d", make_spec(), None, later)
    api.jobs.put("b", make_spec(), make_status(Phase.PENDING))
    api.jobs.put("a", make_spec(), make_status(Phase.QUEUED))
    api.jobs.put("c", make_spec(), None, CREATION_TIME - timedelta(seconds=1))
    for phase in (Phase.SUSPENDED, Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED):
        api.jobs.put(phase.lower(), make_spec(), make_status(phase))


@pytest.mark.parametrize(
    ("name", "position"),
    [("c", 0), ("a", 1), ("b", 2), ("d", 3), ("suspended", None), ("running", None)],
)
async def test_a_place_in_the_queue_is_by_age_then_name(name: str, position: int | None) -> None:
    api = Api()
    put_queue(api)

    answer = (await api.get(f"/v1/jobs/{name}")).json()

    assert (answer["position_in_queue"], answer["queue_size"]) == (position, 4)


async def test_the_queue_counts_who_waits() -> None:
    api = Api()
    put_queue(api)

    answer = await api.get("/v1/queue")

    assert answer.text == '{"count":4,"length":4}\n'
    assert answer.headers["content-type"] == "application/json"


async def test_a_job_newer_than_the_last_list_has_its_place_at_once() -> None:
    api = Api()
    await api.get("/v1/queue")
    api.jobs.put(JOB_ID, make_spec())

    answer = (await api.get(f"/v1/jobs/{JOB_ID}")).json()

    assert (answer["position_in_queue"], answer["queue_size"]) == (0, 1)


async def test_an_unknown_job_is_a_404() -> None:
    answer = await Api().get(f"/v1/jobs/{JOB_ID}")

    assert (answer.status_code, answer.text) == (404, "No such job")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("job_id", ["UPPER", "a_b", "-a", "a-", "a.b", "a" * 64, "a%0Ab", "%C3%A5"])
async def test_what_cannot_be_a_name_is_not_asked_for(job_id: str) -> None:
    api = Api()

    answer = await api.get(f"/v1/jobs/{job_id}")

    assert (answer.status_code, answer.text) == (404, "No such job")
    assert api.jobs.get_calls == 0


@pytest.mark.parametrize("path", [f"/v1/jobs/{JOB_ID}", "/v1/queue", f"/v1/download/{JOB_ID}"])
async def test_an_api_server_that_is_away_is_a_503(path: str) -> None:
    api = Api()
    api.jobs.read_error = ClusterUnavailable("the API server cannot be reached")

    answer = await api.get(path)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.text == "Kubernetes does not answer just now. Try again in a moment."


@pytest.mark.parametrize("path", [f"/v1/jobs/{JOB_ID}/", "/v1/queue/", "/v1/nothing"])
async def test_a_trailing_slash_is_another_path(path: str) -> None:
    assert (await Api().get(path)).status_code == 404
