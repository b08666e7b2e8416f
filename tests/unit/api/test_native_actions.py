"""What is done with jobs under /v2: listed by filters, suspended, changed, retried, deleted."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, make_settings, make_spec, make_status
from support.fake_transcription_jobs import FakeTranscriptionJobs
from waas_api.errors import JobNotFound
from waas_api.jobs.deletion import delete_job, is_marked
from waas_contract.object_keys import audio_key
from waas_contract.removal import mark_removal
from waas_contract.transcription_job import (
    AudioStatus,
    Phase,
    Priority,
    Source,
    Task,
    TranscriptionJob,
)

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
    patch = json.dumps({"priority": "high", "ttlSecondsAfterFinished": None}).encode()

    answer = await api.request("PATCH", f"/v2/jobs/{JOB_ID}", patch, MERGE_PATCH)

    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["priority"], shown["ttlSecondsAfterFinished"]) == ("high", None)
    assert (shown["ttlSecondsAfterFailure"], shown["labels"]) == (30, {"a": "b"})
    assert api.jobs.jobs[JOB_ID].spec == spec.model_copy(
        update={"priority": Priority.HIGH, "ttl_seconds_after_finished": None}
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


def put_failed(api: Api, **changes: Any) -> str:
    """Have a job that failed and its recording; returns the recording's key."""
    spec = make_spec("Blåbær.mp3", owner="ada", language="no", word_timestamps=True, **changes)
    api.jobs.put(JOB_ID, spec, make_status(Phase.FAILED), labels={"project": "news"})
    api.storage.objects[spec.source.key] = b"sound"
    return spec.source.key


async def test_a_retry_is_a_new_job_of_the_same_recording() -> None:
    api = Api(ids=["second"])
    old_key = put_failed(api)

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry")

    assert (answer.status_code, answer.headers["location"]) == (201, "/v2/jobs/second")
    assert (answer.json()["retryOf"], answer.json()["owner"]) == (JOB_ID, "ada")
    job = api.jobs.jobs["second"]
    key = audio_key(NAMESPACE, "second", "Blåbær.mp3")
    assert job.spec == api.jobs.jobs[JOB_ID].spec.model_copy(
        update={"retry_of": JOB_ID, "source": Source(key=key, file_name="Blåbær.mp3")}
    )
    assert job.metadata.labels == {"project": "news"}
    await api.request("DELETE", f"/v2/jobs/{JOB_ID}")
    assert old_key not in api.storage.objects
    assert api.storage.objects[key] == b"sound"


async def test_a_retry_may_ask_for_something_else() -> None:
    api = Api(ids=["second"])
    put_failed(api, cancelled=True, suspend=True)
    changes = b'{"model":"base","language":null,"decoding":{"beamSize":5}}'

    await api.request("POST", f"/v2/jobs/{JOB_ID}/retry", changes, JSON)

    spec = api.jobs.jobs["second"].spec
    assert (spec.model, spec.language, spec.word_timestamps) == ("base", None, True)
    assert spec.decoding is not None
    assert spec.decoding.beam_size == 5
    assert (spec.cancelled, spec.suspend) == (False, False)


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        (b'{"model":"huge"}', 400, "unknown-model"),
        (b'{"model":"tiny.en"}', 400, "english-only-model"),
        (b'{"owner":"eve"}', 400, "invalid-request"),
        (b'{"language":"elvish"}', 400, "invalid-request"),
        (b'{"source":{"key":"other/a"}}', 400, "invalid-request"),
    ],
)
async def test_a_retry_that_does_not_fit_makes_nothing(body: bytes, status: int, name: str) -> None:
    api = Api(ids=["second"])
    key = put_failed(api)

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry", body, JSON)

    assert (answer.status_code, answer.json()["type"]) == (status, f"tag:waas.dev,2026:{name}")
    assert set(api.jobs.jobs) == {JOB_ID}
    assert set(api.storage.objects) == {key}


async def test_a_job_that_has_not_ended_is_not_retried() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))

    answer = await api.request("POST", f"/v2/jobs/{JOB_ID}/retry")

    assert (answer.status_code, answer.json()["title"]) == (409, "The job has not ended")


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("it is gone", None),
        ("it is another tenant's", Source(key="team-b/x/audio/a")),
        ("it lies elsewhere", Source(bucket="archive", key="a")),
    ],
)
async def test_a_retry_needs_a_recording_of_the_tenants_own(
    sentence: str, source: Source | None
) -> None:
    api = Api(ids=["second"])
    spec = make_spec() if source is None else make_spec(source=source)
    api.jobs.put(JOB_ID, spec, make_status(Phase.FAILED))
    api.storage.objects["team-b/x/audio/a"] = b"another's"

    for method, path in (("POST", "retry"), ("GET", "audio")):
        answer = await api.request(method, f"/v2/jobs/{JOB_ID}/{path}")

        assert answer.status_code == 410, sentence
        assert answer.json()["type"] == "tag:waas.dev,2026:audio-missing"
    assert set(api.jobs.jobs) == {JOB_ID}


class EndingJobs(FakeTranscriptionJobs):
    """Has a cancelled job end at the second look after that, if at all."""

    ends = True

    async def get(self, name: str) -> TranscriptionJob:
        job = await super().get(name)
        if job.spec.cancelled and self.ends and not job.phase.is_final:
            self.put(name, job.spec, make_status(Phase.CANCELLED))
        return job


async def test_a_forced_deletion_ends_a_job_first() -> None:
    api = Api(jobs=EndingJobs(NAMESPACE))
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}?force=true")

    assert answer.status_code == 204
    assert (api.jobs.jobs, api.storage.objects) == ({}, {})


async def test_a_deletion_leaves_what_bears_the_name_by_now() -> None:
    api = Api()
    old = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    new = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    new = new.model_copy(update={"metadata": new.metadata.model_copy(update={"uid": "new"})})
    api.jobs.jobs[JOB_ID] = new
    api.storage.objects[make_spec().source.key] = b"sound"

    with pytest.raises(JobNotFound):
        await delete_job(old, api.storage, api.jobs)

    assert (api.jobs.jobs, set(api.storage.objects)) == ({JOB_ID: new}, {make_spec().source.key})


async def test_a_job_that_changed_meanwhile_is_deleted_all_the_same() -> None:
    api = Api()
    read = api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    await api.jobs.annotate(JOB_ID, {"seen": "yes"})

    await delete_job(read, api.storage, api.jobs)

    assert api.jobs.jobs == {}


async def test_what_somebody_else_deletes_just_now_is_left_to_them() -> None:
    api = Api()
    mark = mark_removal("operator-1", datetime.now(UTC))
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED), annotations=mark)
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The job is being deleted already.")
    assert (set(api.jobs.jobs), len(api.storage.objects)) == ({JOB_ID}, 1)


async def test_a_job_is_marked_before_its_objects_go() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    seen = []

    async def look(prefix: str, *, until: float) -> None:
        job = api.jobs.jobs[JOB_ID]
        seen.append((prefix, is_marked(job), until > time.monotonic()))

    api.storage.discard_all = look  # type: ignore[assignment, method-assign]
    answer = await api.request("DELETE", f"/v2/jobs/{JOB_ID}")

    assert (answer.status_code, seen) == (204, [(f"{NAMESPACE}/{JOB_ID}/", True, True)])


async def test_a_deletion_that_failed_can_be_sent_again_at_once() -> None:
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.FAILED))
    api.storage.is_away = True
    answers = [await api.request("DELETE", f"/v2/jobs/{JOB_ID}")]
    api.storage.is_away = False

    answers.append(await api.request("DELETE", f"/v2/jobs/{JOB_ID}"))

    assert [each.status_code for each in answers] == [503, 204]


async def test_a_forced_deletion_leaves_all_where_the_end_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("waas_api.jobs.deletion._LONGEST_END_SECONDS", 0.0)
    api = Api()
    api.jobs.put(JOB_ID, make_spec(), make_status(Phase.RUNNING))
    api.storage.objects[make_spec().source.key] = b"sound"

    answer = await asyncio.wait_for(api.request("DELETE", f"/v2/jobs/{JOB_ID}?force=true"), 60)

    assert answer.status_code == 409
    assert answer.json()["detail"] == "The job is being cancelled. Delete it again in a moment."
    assert api.jobs.jobs[JOB_ID].spec.cancelled
    assert api.storage.objects


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
