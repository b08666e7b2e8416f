"""Limits: 429 with a time, in the form of whoever asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from support.api_builders import NAMESPACE, chunked, make_spec, make_status
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.logins import OTHER_NAMESPACE, GuardedApi
from waas_api.access.caller_limits import CallerLimits
from waas_api.access.callers import Caller, Permission
from waas_api.access.token_bucket import TokenBucket
from waas_api.errors import ApiError, ClusterUnavailable, LimitReached, UploadTooLarge
from waas_api.intake.leftovers import Leftovers
from waas_api.intake.transcription_request import Order
from waas_api.intake.uploads import Uploads
from waas_api.jobs.idempotency import Once
from waas_api.jobs.live_jobs import LiveJobs
from waas_contract.job_status import Phase
from waas_contract.transcription_job import TranscriptionRequest

ANNA = Caller(NAMESPACE, "anna", frozenset(Permission))
BO = Caller(NAMESPACE, "bo", frozenset(Permission))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_bucket_fills_up_with_time_and_never_over() -> None:
    bucket = TokenBucket.full(10, 100, now=0)
    bucket.take(10, now=0)

    assert bucket.seconds_until(1, now=0) == 10
    assert bucket.seconds_until(1, now=9) == pytest.approx(1)
    assert bucket.seconds_until(1, now=10) == 0
    assert bucket.seconds_until(10, now=1000) == 0
    assert bucket.seconds_until(11, now=2000) == 10


def test_an_overdrawn_bucket_takes_longer() -> None:
    bucket = TokenBucket.full(10, 100, now=0)

    bucket.take(30, now=0)

    assert bucket.seconds_until(0, now=0) == 200


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket.full(10, 100, now=50)
    bucket.take(10, now=50)

    assert bucket.seconds_until(1, now=0) == 10


def test_requests_are_counted_for_each_caller(clock: Clock) -> None:
    limits = CallerLimits(requests_per_minute=2, monotonic=clock)
    for _ in range(2):
        limits.admit_request(ANNA)

    with pytest.raises(LimitReached) as refused:
        limits.admit_request(ANNA)
    limits.admit_request(BO)

    assert refused.value.retry_after_seconds == 30
    clock.now += 30
    limits.admit_request(ANNA)


def test_uploads_at_once_are_counted_while_they_last(clock: Clock) -> None:
    limits = CallerLimits(uploads_at_once=1, monotonic=clock)

    with limits.admit_upload(ANNA):
        with pytest.raises(LimitReached), limits.admit_upload(ANNA):
            pass
        with limits.admit_upload(BO):
            pass
    with limits.admit_upload(ANNA):
        pass


async def test_bytes_are_counted_as_they_come_and_one_too_many_is_refused(clock: Clock) -> None:
    limits = CallerLimits(upload_bytes_per_day=86400, monotonic=clock)
    body = limits.count(ANNA, chunked(b"a" * 50000, b"b" * 50000))
    assert len(await anext(body)) == 50000
    with pytest.raises(LimitReached) as refused:
        await anext(body)

    assert refused.value.retry_after_seconds == 100000 - 86400  # a byte a second
    with limits.admit_upload(BO, 86400):
        assert [chunk async for chunk in limits.count(BO, chunked(b"a"))] == [b"a"]


ANNOUNCED: list[tuple[str, int | None, type[ApiError] | None]] = [
    ("a length that nobody knows", None, None),
    ("what is left of the day", 400, None),
    ("a byte more than is left", 401, LimitReached),
    ("a byte more than a day has", 1001, UploadTooLarge),
]


@pytest.mark.parametrize(
    ("announced", "error"), [pytest.param(*case[1:], id=case[0]) for case in ANNOUNCED]
)
async def test_an_upload_that_says_its_length_is_refused_before_it_is_sent(
    clock: Clock, announced: int | None, error: type[ApiError] | None
) -> None:
    limits = CallerLimits(upload_bytes_per_day=1000, monotonic=clock)
    async for _ in limits.count(ANNA, chunked(bytes(600))):
        pass

    with pytest.raises(error) if error else nullcontext(), limits.admit_upload(ANNA, announced):
        pass


async def admits(live_jobs: LiveJobs, owner: str) -> bool:
    try:
        async with live_jobs.admit(owner):
            return True
    except LimitReached:
        return False


async def test_jobs_that_wait_and_run_are_counted_and_others_not() -> None:
    jobs = FakeTranscriptionJobs(NAMESPACE)
    for number, phase in enumerate((Phase.RUNNING, Phase.QUEUED, *filter(_is_final, Phase))):
        jobs.put(f"job-{number}", make_spec(owner="anna"), make_status(phase))
    jobs.put("unseen", make_spec(owner="anna"))

    assert not await admits(LiveJobs(jobs, most_per_owner=3), "anna")
    assert await admits(LiveJobs(jobs, most_per_owner=4), "anna")
    assert await admits(LiveJobs(jobs, most_per_owner=1), "bo")
    assert not await admits(LiveJobs(jobs, most=3), "bo")
    assert await admits(LiveJobs(jobs, most=4), "bo")


def _is_final(phase: Phase) -> bool:
    return phase.is_final


async def test_a_job_on_its_way_in_counts_already() -> None:
    live_jobs = LiveJobs(FakeTranscriptionJobs(NAMESPACE), most=1)

    async with live_jobs.admit("anna"):
        assert not await admits(live_jobs, "bo")
    assert await admits(live_jobs, "bo")


async def test_nobody_is_counted_without_a_limit() -> None:
    jobs = FakeTranscriptionJobs(NAMESPACE)
    jobs.read_error = ClusterUnavailable("nobody should be asked")

    assert await admits(LiveJobs(jobs), "anna")


def assert_problem(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["type"] == "tag:waas.dev,2026:limit-reached"


async def test_a_full_tenant_gets_429_in_either_form_and_keeps_no_audio(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"most_live_jobs": 1})
    first = await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")

    native = await api.request("POST", "/v2/jobs", owner="bo", content=b"sound")
    old = await api.request("POST", "/v1/transcribe?email_callback=", owner="bo", content=b"sound")
    elsewhere = await api.request("POST", "/v2/jobs", owner="stranger", content=b"sound")

    assert first.status_code == elsewhere.status_code == 201
    assert_problem(native)
    assert (old.status_code, old.headers["retry-after"]) == (429, "60")
    assert old.text.startswith("Your namespace may have 1 jobs")
    assert len(api.storage.objects) == len(api.jobs.jobs) + len(api.tenants[OTHER_NAMESPACE].jobs)


async def test_too_many_requests_get_429_before_anything_is_asked(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"requests_per_minute_per_caller": 2})

    answers = [await api.request("GET", "/v2/models", owner="anna") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert_problem(answers[2])
    assert (await api.request("GET", "/v2/models", owner="bo")).status_code == 200
    assert (await api.request("GET", "/healthz")).status_code == 200


async def test_an_upload_that_breaks_gives_its_place_back(tmp_path: Path) -> None:
    api = GuardedApi(
        tmp_path, changes={"uploads_at_once_per_caller": 1, "most_live_jobs_per_caller": 1}
    )
    api.storage.is_away = True
    broken = await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")
    api.storage.is_away = False

    again = await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")

    assert (broken.status_code, again.status_code) == (503, 201)


async def test_a_retry_is_a_new_job_within_the_limits(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"most_live_jobs_per_caller": 1})
    spec = make_spec(owner="anna")
    api.jobs.put("failed", spec, make_status(Phase.FAILED))
    api.storage.objects[spec.source.key] = b"sound"

    answers = [await api.request("POST", "/v2/jobs/failed/retry", owner="anna") for _ in range(2)]

    assert answers[0].status_code == 201
    assert_problem(answers[1])
    assert len(api.jobs.jobs) == 2


async def test_a_repeat_meets_its_job_where_a_new_one_would_be_too_many(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"most_live_jobs_per_caller": 1})

    async def send(key: str) -> httpx.Response:
        headers = {"idempotency-key": key}
        return await api.request(
            "POST", "/v2/jobs", owner="anna", content=b"sound", headers=headers
        )

    first, again, other = [await send(key) for key in ("one", "one", "two")]

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert_problem(other)
    assert len(api.storage.objects) == 1


async def test_a_repeat_that_overtakes_the_look_for_its_job_meets_it_all_the_same() -> None:
    storage, jobs = FakeObjectStorage(), FakeTranscriptionJobs(NAMESPACE)
    uploads = Uploads(
        NAMESPACE,
        storage,
        jobs,
        Leftovers(storage),
        LiveJobs(jobs, most=1),
        slots=asyncio.Semaphore(1),
        longest_wait_seconds=1,
        new_id=lambda: "upload",
        backoff_seconds=(),
    )
    order, once = Order(TranscriptionRequest()), Once("job", "digest")

    first = await uploads.take_in(order, chunked(b"sound"), once)
    again = await uploads.take_in(order, chunked(b"sound"), once)

    assert (first.is_new, again.is_new) == (True, False)
    assert first.job.metadata.name == again.job.metadata.name == "job"
    with pytest.raises(LimitReached):
        await uploads.take_in(order, chunked(b"sound"), Once("other", "digest"))
    assert len(storage.objects) == 1


TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


async def begin_upload(api: GuardedApi) -> httpx.Response:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    return await api.request("POST", "/v2/uploads", owner="anna", headers=headers)


async def patch(
    api: GuardedApi, path: str, offset: int, content: bytes | AsyncIterator[bytes]
) -> httpx.Response:
    headers = {**TUS, "Upload-Offset": str(offset)}
    return await api.request("PATCH", path, owner="anna", content=content, headers=headers)


async def test_no_upload_begins_where_its_job_would_be_too_many(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"most_live_jobs_per_caller": 1})
    await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")
    stored = dict(api.storage.objects)

    answer = await begin_upload(api)

    assert_problem(answer)
    assert (api.storage.objects, api.storage.growing) == (stored, {})


async def test_a_whole_upload_waits_for_the_place_of_its_job(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"most_live_jobs_per_caller": 1})
    path = (await begin_upload(api)).headers["location"]
    other = (await api.request("POST", "/v2/jobs", owner="anna", content=b"sound")).json()["id"]

    whole = await patch(api, path, 0, b"sound")
    waiting = await api.request("HEAD", path, owner="anna", headers=TUS)
    api.jobs.put(other, api.jobs.jobs[other].spec, make_status(Phase.SUCCEEDED))
    made = await api.request("HEAD", path, owner="anna", headers=TUS)

    assert_problem(whole)
    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "60")
    assert (made.status_code, made.headers["upload-offset"]) == (200, "5")
    job = api.jobs.jobs[path.rpartition("/")[2]]
    assert (job.spec.owner, api.storage.objects[job.spec.source.key]) == ("anna", b"sound")


async def test_the_bytes_of_pieces_count(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"upload_bytes_per_day_per_caller": 4})
    path = (await begin_upload(api)).headers["location"]

    first = await patch(api, path, 0, b"soun")
    second = await patch(api, path, 4, b"d")

    assert first.status_code == 204
    assert_problem(second)


async def test_what_of_a_piece_is_within_the_day_stays(tmp_path: Path) -> None:
    api = GuardedApi(tmp_path, changes={"upload_bytes_per_day_per_caller": 4})
    path = (await begin_upload(api)).headers["location"]

    await patch(api, path, 0, b"s")
    cut_off = await patch(api, path, 1, chunked(b"ou", b"nd"))

    assert_problem(cut_off)
    known = await api.request("HEAD", path, owner="anna", headers=TUS)
    assert known.headers["upload-offset"] == "3"


@pytest.mark.parametrize(
    "path", ["/v2/jobs?file_name=a.mp3", "/v1/transcribe?email_callback=", "/v1/detect"]
)
async def test_a_recording_that_outgrows_the_day_leaves_nothing(tmp_path: Path, path: str) -> None:
    api = GuardedApi(tmp_path, changes={"upload_bytes_per_day_per_caller": 4})

    refused = await api.request("POST", path, owner="anna", content=chunked(b"sou", b"nd"))

    assert refused.status_code == 429
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})
