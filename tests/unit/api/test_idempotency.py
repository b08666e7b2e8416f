"""Idempotency-Key: the same request again is the same job, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from support.api_builders import NAMESPACE, Api, wait_for
from support.fake_transcription_jobs import Failure
from support.named_callers import NamedCallers
from waas_api.errors import ClusterUnavailable

PATH = "/v2/jobs?model=base&file_name=a.mp3"


def make_api() -> Api:
    return Api(ids=[f"upload-{number}" for number in range(99)])


async def post(
    api: Api, key: str = '"k1"', content: bytes = b"sound", path: str = PATH, user: str = "alice"
) -> httpx.Response:
    return await api.request("POST", path, content, {"idempotency-key": key, "x-user": user})


async def test_a_repeat_is_answered_with_the_same_job_and_stores_nothing() -> None:
    api = make_api()
    first = await post(api)
    stored = dict(api.storage.objects)

    again = await post(api, "k1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == again.headers["location"]
    assert len(api.jobs.jobs) == 1
    assert api.storage.objects == stored
    (key,) = stored
    assert api.jobs.jobs[first.json()["id"]].spec.source.key == key
    assert key.startswith(f"{NAMESPACE}/{first.json()['id']}/audio/")


async def test_a_repeat_counts_though_the_job_has_been_changed_since() -> None:
    api = make_api()
    first = await post(api)
    await api.jobs.cancel(first.json()["id"])

    again = await post(api)

    assert (again.status_code, again.json()["cancelled"]) == (200, True)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/v2/jobs?model=tiny&file_name=a.mp3", b"sound"),
        ("/v2/jobs?model=base&file_name=b.mp3", b"sound"),
        (f"{PATH}&priority=high", b"sound"),
        (f"{PATH}&label=a=b", b"sound"),
        (PATH, b"another sound"),
    ],
)
async def test_a_key_stands_for_one_request(path: str, content: bytes) -> None:
    api = make_api()
    await post(api)
    stored = dict(api.storage.objects)

    answer = await post(api, path=path, content=content)

    assert answer.status_code == 422
    assert answer.json()["type"] == "tag:waas.dev,2026:idempotency-key-reused"
    assert (len(api.jobs.jobs), api.storage.objects) == (1, stored)


async def test_others_keys_are_others() -> None:
    api = make_api()
    api.authenticator = NamedCallers()
    api.__post_init__()

    answers = [await post(api, user=user) for user in ("alice", "bob", "alice")]

    assert [each.status_code for each in answers] == [201, 201, 200]
    ids = [each.json()["id"] for each in answers]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\tb", "\xe5"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    api = make_api()
    async with api.client() as client:
        answer = await client.post(
            PATH, content=b"sound", headers=[(b"idempotency-key", key.encode("latin-1"))]
        )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert api.jobs.jobs == {}


async def slow(gate: asyncio.Event) -> AsyncIterator[bytes]:
    yield b"so"
    await gate.wait()
    yield b"und"


async def test_repeats_at_once_make_one_job_and_leave_one_recording() -> None:
    api = make_api()
    gate = asyncio.Event()
    headers = {"idempotency-key": "k1"}
    requests = [
        asyncio.create_task(api.request("POST", PATH, slow(gate), headers)) for _ in range(5)
    ]
    await asyncio.sleep(0.01)
    gate.set()

    answers = await asyncio.gather(*requests)

    assert sorted(each.status_code for each in answers) == [200, 200, 200, 200, 201]
    assert len({each.json()["id"] for each in answers}) == 1
    (job,) = api.jobs.jobs.values()
    assert api.storage.objects == {job.spec.source.key: b"sound"}


async def test_a_repeat_that_breaks_does_not_touch_the_recording_of_the_first() -> None:
    api = make_api()
    gate = asyncio.Event()
    headers = {"idempotency-key": "k1"}
    broken = asyncio.create_task(api.request("POST", PATH, slow(gate), headers))
    await asyncio.sleep(0.01)
    api.storage.leaves_unfinished = True
    whole = await api.request("POST", PATH, slow_end(), headers)
    broken.cancel()
    await asyncio.gather(broken, return_exceptions=True)

    (job,) = api.jobs.jobs.values()
    assert whole.status_code == 201
    await wait_for(
        lambda: api.storage.objects == {job.spec.source.key: b"sound"}, "the recording is whole"
    )


async def slow_end() -> AsyncIterator[bytes]:
    yield b"sound"


async def test_a_recording_without_its_job_is_completed_by_a_repeat() -> None:
    api = make_api()
    lost = ClusterUnavailable("the connection broke", may_have_happened=True)
    api.jobs.create_failures = [Failure(lost)] * 3
    api.jobs.read_error = None
    first = await post(api)
    assert (first.status_code, api.jobs.jobs) == (503, {})

    again = await post(api)

    assert again.status_code == 201
    (job,) = api.jobs.jobs.values()
    assert api.storage.objects[job.spec.source.key] == b"sound"


async def test_a_lost_answer_of_the_cluster_is_no_repeat() -> None:
    api = make_api()
    lost = ClusterUnavailable("the connection broke", may_have_happened=True)
    api.jobs.create_failures = [Failure(lost, happens=True)]

    answer = await post(api)

    assert answer.status_code == 201
    (job,) = api.jobs.jobs.values()
    assert api.storage.objects == {job.spec.source.key: b"sound"}


async def test_an_object_is_transcribed_once_and_stays() -> None:
    api = make_api()
    key = f"{NAMESPACE}/uploads/a.mp3"
    api.storage.objects[key] = b"sound"
    headers = {"idempotency-key": "k1"}
    async with api.client() as client:
        answers = [
            await client.post("/v2/jobs", json={"source": {"key": key}}, headers=headers)
            for _ in range(2)
        ]
        other = await client.post(
            "/v2/jobs", json={"source": {"key": key}, "priority": "high"}, headers=headers
        )

    assert [each.status_code for each in (*answers, other)] == [201, 200, 422]
    assert api.storage.objects == {key: b"sound"}
