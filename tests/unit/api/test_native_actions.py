"""What is done with jobs under /v2: listed by filters, suspended, changed, retried, deleted."""

import json
from typing import Any

import pytest

from support.api_builders import JOB_ID, Api, make_settings, make_spec, make_status
from waas_contract.job_status import AudioStatus, Phase
from waas_contract.transcription_job import Priority, Task

JSON = {"content-type": "application/json"}
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


def put_some(api: Api) -> None:
    api.jobs.put(
        "a",
        make_spec("alpha.mp3", model="base"),
        make_status(Phase.SUCCEEDED),
        labels={"project": "news"},
    )
    api.jobs.put("b", make_spec("beta.mp3", owner="ada"), make_status(Phase.RUNNING))
    api.jobs.put("c", make_spec("gamma.mp3", task=Task.TRANSLATE, language="no"))  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "cba"),
        ("?phase=running,Succeeded", "ba"),
        ("?phase=Running&phase=Pending", "cb"),
        ("?model=base", "a"),
        ("?task=translate&language=norwegian", "c"),
        ("?owner=ada", "b"),
        ("?file_name=ALPHA", "a"),
        ("?label_selector=project%20in%20(news,sport)", "a"),
        ("?sort=file_name", "abc"),
        ("?sort=-phase", "abc"),
        ("?created_after=2026-11-22T17:25:46Z", ""),
        ("?created_before=2026-11-22T17:25:46%2B00:00", "cba"),
    ],
)
async def test_jobs_are_listed_by_filters(query: str, names: str) -> None:
    api = Api()
    put_some(api)

    answer = (await api.get(f"/v2/jobs{query}")).json()

    assert "".join(job["id"] for job in answer["jobs"]) == names
    assert answer["total"] == len(names)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("phase=Dreaming", "Input should be 'Pending', 'Queued'"),
        ("colour=red", "colour: Extra inputs are not permitted."),
        ("sort=colour", "sort may be creation_time"),
        ("label_selector=a%20b", "label_selector cannot be read at 'a b'"),
        ("created_after=yesterday", "created_after: "),
        ("created_after=2026-11-22T17:25:46", "created_after: "),
        ("created_before=0", "created_before: "),
        ("created_before=1764000000.5", "created_before: "),
        ("language=elvish", "Give a language"),
    ],
)
async def test_a_filter_that_cannot_be_is_a_problem(query: str, detail: str) -> None:
    answer = await Api().get(f"/v2/jobs?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize(
    ("action", "phase", "spec", "suspended"),
    [
        ("suspend", Phase.RUNNING, {}, True),
        ("suspend", Phase.SUSPENDED, {"suspend": True}, True),
        ("resume", Phase.SUSPENDED, {"suspend": True}, False),
        ("resume", Phase.RUNNING, {}, False),
        ("resume", Phase.SUCCEEDED, {}, False),
    ],
)
async def test_a_job_is_suspended_and_resumed_as_often_as_one_likes(
    action: str, phase: Phase, spec: dict[str, Any], suspended: bool
) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(**spec), make_status(phase))

    answers = [await api.request("POST", f"/v2/jobs/{JOB_ID}/{action}") for _ in range(2)]

    assert [(each.status_code, each.json()["suspended"]) for each in answers] == [
        (200, suspended)
    ] * 2
    assert api.jobs.jobs[JOB_ID].spec.suspend is suspended


@pytest.mark.parametrize("phase", [each for each in Phase if each.is_final])
async def test_a_job_that_has_ended_is_not_suspended(phase: Phase) -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(phase))

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/suspend")

    assert (answer.status_code, answer.json()["type"]) == (409, "tag:waas.dev,2026:job-ended")
    assert answer.json()["detail"] == f"The job is {phase}. Retry it to have it done again."


async def test_a_cancelled_job_that_has_not_ended_is_not_suspended() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(cancelled=True), make_status(Phase.RUNNING))

    assert (await api.request("POST", f"/v2/jobs/{JOB_ID}/suspend")).status_code == 409


async def test_a_patch_changes_what_it_names_alone() -> None:
    api = Api()
    spec = make_spec(ttl_seconds_after_finished=60, ttl_seconds_after_failure=30)
    api.jobs.put(JOB_ID, spec, make_status(Phase.QUEUED), labels={"a": "b"})
    changes = {"priority": "high", "queueName": "gpus", "ttlSecondsAfterFinished": None}
    patch = json.dumps(changes).encode()

    answer = await api.request("PATCH", f"/v2/jobs/{JOB_ID}", patch, MERGE_PATCH)

    assert answer.status_code == 200
    shown = answer.json()
    assert {key: shown[key] for key in changes} == changes
    assert (shown["ttlSecondsAfterFailure"], shown["labels"]) == (30, {"a": "b"})
    assert api.jobs.jobs[JOB_ID].spec == spec.model_copy(
        update={
            "priority": Priority.HIGH,
            "queue_name": "gpus",
            "ttl_seconds_after_finished": None,
        }
    )


async def test_how_long_a_job_is_kept_may_change_after_its_end() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.SUCCEEDED))

    kept = await api.request(
        "PATCH", f"/v2/jobs/{JOB_ID}", b'{"ttlSecondsAfterFinished":9}', MERGE_PATCH
    )
    first = await api.request("PATCH", f"/v2/jobs/{JOB_ID}", b'{"priority":"low"}', MERGE_PATCH)

    assert (kept.status_code, kept.json()["ttlSecondsAfterFinished"]) == (200, 9)
    assert (first.status_code, first.json()["title"]) == (409, "The job has ended")


@pytest.mark.parametrize(
    "patch", [b'{"cancelled":true}', b'{"model":"base"}', b'{"priority":"now"}', b"[]", b"{"]
)
async def test_a_patch_of_anything_else_is_a_problem(patch: bytes) -> None:
    api = Api()
    job = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.QUEUED))

    answer = await api.request("PATCH", f"/v2/jobs/{JOB_ID}", patch, MERGE_PATCH)

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert api.jobs.jobs[JOB_ID] == job


async def test_a_running_job_says_when_it_will_be_done() -> None:
    api = Api()
    status = {
        "startTime": "2026-11-22T17:59:50Z",
        "audio": AudioStatus(duration_seconds=60),
        "progress": {
            "percent": 33,
            "processedSeconds": 20,
            "updatedTime": "2026-11-22T18:00:00Z",
        },
    }
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING, **status))

    expected = {"completionTime": "2026-11-22T18:00:20Z", "basis": "progress"}
    assert (await api.get(f"/v2/jobs/{JOB_ID}")).json()["estimate"] == expected
    assert (await api.get("/v2/jobs")).json()["jobs"][0]["estimate"] == expected


def test_the_document_names_every_route_once() -> None:
    api = Api(settings=make_settings())

    paths = api.app.openapi()["paths"]

    ids = [
        operation["operationId"]
        for path, operations in paths.items()
        if path.startswith("/v2/")
        for operation in operations.values()
    ]
    assert len(ids) == len(set(ids))
    assert {"listJobs", "followJob", "retryJob", "getResult", "putTranscript"} <= set(ids)
