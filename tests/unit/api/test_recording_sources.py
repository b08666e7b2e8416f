"""POST /v2/jobs with JSON: a recording that lies in the store, or at an address."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from support.api_builders import JOB_ID, NAMESPACE, Api, make_settings, make_spec
from support.fake_transcription_jobs import Failure, FakeTranscriptionJobs
from support.named_callers import NamedCallers
from waas_api.errors import ClusterRefused
from waas_contract.formats import OutputFormat
from waas_contract.transcription_job import Source, TranscriptionJobSpec

PROBLEM = "application/problem+json"


async def post_json(
    api: Api, body: object, *, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    async with api.client() as client:
        return await client.post("/v2/jobs", json=body, headers=dict(headers or {}))


async def test_an_object_of_the_tenant_becomes_a_job_and_stays() -> None:
    api = Api()
    key = f"{NAMESPACE}/uploads/a.mp3"
    api.storage.objects[key] = b"sound"

    answer = await post_json(
        api,
        {"source": {"key": key}, "fileName": "A.mp3", "model": "base", "formats": ["srt", "srt"]},
    )

    assert answer.status_code == 201, answer.text
    assert api.jobs.jobs[JOB_ID].spec == TranscriptionJobSpec(
        source=Source(key=key, file_name="A.mp3"), model="base", formats=(OutputFormat.SRT,)
    )


async def test_an_object_stays_when_its_job_is_refused() -> None:
    api = Api()
    key = f"{NAMESPACE}/uploads/a.mp3"
    api.storage.objects[key] = b"sound"
    api.jobs.create_failures = [Failure(ClusterRefused("no", is_request_invalid=True))]

    answer = await post_json(api, {"source": {"key": key}})

    assert (answer.status_code, api.storage.objects) == (400, {key: b"sound"})


MINE, THEIRS = "job-of-alice", "job-of-bob"


def jobs_of_two() -> FakeTranscriptionJobs:
    jobs = FakeTranscriptionJobs(NAMESPACE)
    jobs.put(MINE, make_spec(owner="alice"))
    jobs.put(THEIRS, make_spec(owner="bob"))
    return jobs


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ({"key": f"{NAMESPACE}/{MINE}/audio/a.mp3"}, 201),
        ({"key": f"{NAMESPACE}/by-hand/a.mp3"}, 201),
        ({"key": f"{NAMESPACE}/by-hand/a.mp3", "bucket": "waas"}, 201),
        ({"key": "anything", "bucket": "archive"}, 201),
        ({"key": f"{NAMESPACE}/{THEIRS}/audio/a.mp3"}, 403),
        ({"key": f"{NAMESPACE}/{MINE}/results/1/transcript.json"}, 403),
        ({"key": f"{NAMESPACE}/{MINE}/audio/../../{THEIRS}/audio/a.mp3"}, 403),
        ({"key": f"{NAMESPACE}/_uploads/x/data"}, 403),
        ({"key": f"{NAMESPACE}-b/a.mp3"}, 403),
        ({"key": "team-b/a.mp3"}, 403),
        ({"key": f"/{NAMESPACE}/a.mp3"}, 403),
        ({"key": f"{NAMESPACE}/a\nb"}, 403),
        ({"key": NAMESPACE}, 403),
        ({"key": "a.mp3", "bucket": "secrets"}, 403),
    ],
)
async def test_only_the_callers_own_objects_can_be_named(
    source: dict[str, str], status: int
) -> None:
    api = Api(
        jobs=jobs_of_two(),
        authenticator=NamedCallers(),
        settings=make_settings(source_buckets={NAMESPACE: ("archive",), "team-b": ("secrets",)}),
    )

    answer = await post_json(api, {"source": source}, headers={"x-user": "alice"})

    assert answer.status_code == status, answer.text
    assert (JOB_ID in api.jobs.jobs) is (status == 201)
    if status == 403:
        assert answer.json()["type"].endswith(":source-forbidden")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["source"]),
        ({"source": "http://a"}, ["source"]),
        ({"source": {}}, ["source"]),
        ({"source": {"url": "http://a", "key": "b"}}, ["source"]),
        ({"source": {"url": "http://a", "bucket": "b"}}, ["source.bucket"]),
        ({"source": {"uri": "http://a"}}, ["source.uri", "source"]),
        ({"source": {"key": 5}}, ["source.key", "source.key"]),
        ({"source": {"key": "a", "bucket": "b"}}, ["source.bucket"]),
        ({"source": {"key": "team-a/a"}, "fileName": 5}, ["fileName"]),
        ({"source": {"key": "team-a/a"}, "labels": {"a": 5}}, ["labels"]),
        ({"source": {"key": "team-a/a"}, "model": ["base"]}, ["model"]),
        ({"source": {"key": "team-a/a"}, "initial_prompt": "x"}, ["initial_prompt"]),
        ({"source": {"key": "team-a/a"}, "subtitles": {"maxLineWidth": 1}},
         ["subtitles.maxLineWidth"]),
    ],
)  # fmt: skip
async def test_json_that_does_not_fit_is_told_with_its_fields(
    body: dict[str, Any], fields: list[str]
) -> None:
    api = Api()

    answer = await post_json(api, body)

    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == fields
    assert api.jobs.jobs == {}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"", b"[" * 100_000])
async def test_what_is_no_json_is_a_problem(content: bytes) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}

    answer = await Api().request("POST", "/v2/jobs", content, headers)

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)


async def test_an_address_is_refused_where_the_web_is_turned_off() -> None:
    api = Api(settings=make_settings(url_sources=False))

    answer = await post_json(api, {"source": {"url": "https://radio.example/a.mp3"}})

    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "tag:waas.dev,2026:source-forbidden",
    )
