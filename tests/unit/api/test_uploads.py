"""What breaks while a recording is taken in, and what is left of it then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from starlette.types import Message

from support.api_builders import JOB_ID, NAMESPACE, Api, chunked, make_settings, wait_for
from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import Failure, FakeTranscriptionJobs
from waas_api.errors import ClusterRefused, ClusterUnavailable
from waas_api.intake.leftovers import Leftovers
from waas_api.intake.transcription_request import Order
from waas_api.intake.uploads import Uploads
from waas_api.jobs.live_jobs import LiveJobs
from waas_contract.transcription_job import TranscriptionRequest

KEY = f"{NAMESPACE}/{JOB_ID}/audio/audio"
BUSY = ClusterUnavailable("the API server is busy")
LOST = ClusterUnavailable("the connection broke", may_have_happened=True)
REFUSED = ClusterRefused("Request not accepted: spec.model: too odd", is_request_invalid=True)
OVER_QUOTA = ClusterRefused("Quota used up", is_request_invalid=False)


@dataclass(frozen=True)
class Case:
    """What the API server does, and what a client and the store have then."""

    sentence: str
    failures: tuple[Failure, ...]
    status: int
    is_object_kept: bool
    is_job_there: bool
    read_error: ClusterUnavailable | None = None


@pytest.mark.parametrize(
    "case",
    [
        Case("a busy API server is asked again", (Failure(BUSY), Failure(BUSY)), 201, True, True),
        Case("a lost request is sent again", (Failure(LOST),), 201, True, True),
        Case("a lost answer is no second job", (Failure(LOST, happens=True),), 201, True, True),
        Case("a refusal leaves nothing", (Failure(REFUSED),), 400, False, False),
        Case("a quota leaves nothing", (Failure(OVER_QUOTA),), 503, False, False),
        Case("an API server that stays busy leaves nothing", (Failure(BUSY),) * 3, 503, False,
             False),
        Case("lost requests that came to nothing leave nothing", (Failure(LOST),) * 3, 503, False,
             False),
        Case("the last try arrived, though its answer did not",
             (Failure(BUSY), Failure(BUSY), Failure(LOST, happens=True)), 201, True, True),
        Case("a job behind a lost answer counts, though the next try is refused",
             (Failure(LOST, happens=True), Failure(REFUSED)), 201, True, True),
        Case("audio is kept when nobody can tell", (Failure(LOST, happens=True),) * 3, 503, True,
             True, read_error=BUSY),
    ],
    ids=lambda case: case.sentence,
)  # fmt: skip
async def test_a_job_is_created_surely(case: Case) -> None:
    api = Api()
    api.jobs.create_failures = list(case.failures)
    api.jobs.read_error = case.read_error

    answer = await api.transcribe()

    assert answer.status_code == case.status
    assert (KEY in api.storage.objects) is case.is_object_kept
    assert (JOB_ID in api.jobs.jobs) is case.is_job_there


async def test_a_refusal_is_told_in_the_api_servers_words() -> None:
    api = Api()
    api.jobs.create_failures = [Failure(REFUSED)]

    answer = await api.transcribe()

    assert answer.text == "Request not accepted: spec.model: too odd"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_another_job_of_that_name_keeps_its_audio() -> None:
    api = Api()
    await api.transcribe("email_callback=&filename=a")

    answer = await api.transcribe("email_callback=&filename=b")

    assert answer.status_code == 503
    assert api.storage.objects.keys() == {
        f"{NAMESPACE}/{JOB_ID}/audio/a",
        f"{NAMESPACE}/{JOB_ID}/audio/b",
    }


async def test_a_store_that_is_away_is_a_503_and_no_job() -> None:
    api = Api()
    api.storage.is_away = True

    answer = await api.transcribe()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert answer.text == "Object storage does not work just now. Try again in a moment."
    assert api.jobs.jobs == {}


async def test_a_store_that_goes_away_in_an_upload_is_tidied_when_it_is_back() -> None:
    storage = FakeObjectStorage()
    storage.leaves_unfinished = True
    storage.stays_for_bytes = 4
    leftovers = Leftovers(storage, first_pause_seconds=0.001, longest_pause_seconds=0.001)
    uploads = make_uploads(storage, FakeTranscriptionJobs(NAMESPACE), leftovers)

    with pytest.raises(Exception, match="object storage failed"):
        await accept(uploads, chunked(b"soun", b"d"))
    assert storage.objects == {KEY: b"soun"}
    storage.is_away = False

    await wait_for(lambda: storage.objects == {}, "the rest of the upload is gone")
    await leftovers.close()


async def test_leftovers_are_tried_once_more_at_the_end() -> None:
    storage = FakeObjectStorage()
    storage.objects[KEY] = b"soun"
    storage.is_away = True
    leftovers = Leftovers(storage, first_pause_seconds=3600)
    await leftovers.discard(KEY)
    storage.is_away = False

    await leftovers.close()

    assert storage.objects == {}


def make_uploads(
    storage: FakeObjectStorage,
    jobs: FakeTranscriptionJobs,
    leftovers: Leftovers | None = None,
    *,
    at_once: int = 2,
    longest_wait_seconds: float = 5,
    backoff_seconds: tuple[float, ...] = (),
) -> Uploads:
    return Uploads(
        NAMESPACE,
        storage,
        jobs,
        leftovers or Leftovers(storage),
        LiveJobs(jobs),
        slots=asyncio.Semaphore(at_once),
        longest_wait_seconds=longest_wait_seconds,
        new_id=lambda: JOB_ID,
        backoff_seconds=backoff_seconds,
    )


async def accept(uploads: Uploads, body: AsyncIterator[bytes]) -> str:
    return await uploads.accept(Order(TranscriptionRequest()), body)


async def post_by_hand(api: Api, *messages: Message, headers: dict[str, str]) -> list[Message]:
    """Call the app as a server does whose client sends just these messages."""
    left = list(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/transcribe",
        "raw_path": b"/v1/transcribe",
        "root_path": "",
        "query_string": b"email_callback=a@b.no",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": None,
        "server": None,
    }
    await api.app(scope, receive, send)
    return sent


PART = {"type": "http.request", "body": b"soun", "more_body": True}
GONE = {"type": "http.disconnect"}
SHORT_END = {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("sentence", "messages", "headers", "status"),
    [
        ("a client that goes half-way", [PART, GONE], {"content-length": "8"}, 400),
        ("a client that goes in the midst of chunks", [PART, PART, GONE], {}, 400),
        ("a client that goes before its first byte", [GONE], {"content-length": "8"}, 400),
        ("a body shorter than announced", [PART, SHORT_END], {"content-length": "8"}, 400),
        ("a client that falls silent", [PART], {"content-length": "8"}, 408),
        ("a client that never says a word", [], {"content-length": "8"}, 408),
    ],
)
async def test_an_upload_cut_off_leaves_no_object_and_no_job(
    sentence: str, messages: list[Message], headers: dict[str, str], status: int
) -> None:
    api = Api(settings=make_settings(longest_upload_idle_seconds=0.05))
    api.storage.leaves_unfinished = True

    sent = await post_by_hand(api, *messages, headers=headers)

    assert sent[0]["status"] == status, sentence
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_an_upload_that_takes_too_long_in_all_is_given_up() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    api = Api(settings=make_settings(longest_upload_seconds=0.1))

    answer = await api.transcribe(content=drip())

    assert answer.status_code == 408
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


async def test_a_client_that_goes_when_all_is_sent_still_has_its_job() -> None:
    storage, jobs = FakeObjectStorage(), FakeTranscriptionJobs(NAMESPACE)
    uploads = make_uploads(storage, jobs, backoff_seconds=(0.05,))
    jobs.create_failures = [Failure(BUSY)]
    request = asyncio.create_task(accept(uploads, chunked(b"sound")))
    await wait_for(lambda: not jobs.create_failures, "the first try to create was made")

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await uploads.close()

    assert KEY in storage.objects
    assert JOB_ID in jobs.jobs


async def test_an_upload_over_the_cap_waits_then_is_told_to_come_back() -> None:
    storage = FakeObjectStorage()
    uploads = make_uploads(
        storage, FakeTranscriptionJobs(NAMESPACE), at_once=1, longest_wait_seconds=0.01
    )
    is_open = asyncio.Event()

    async def slow_body() -> AsyncIterator[bytes]:
        yield b"so"
        await is_open.wait()
        yield b"und"

    first = asyncio.create_task(accept(uploads, slow_body()))
    await asyncio.sleep(0)

    with pytest.raises(Exception, match="Too many uploads at once"):
        await accept(uploads, chunked(b"other"))
    is_open.set()

    assert await first == JOB_ID
    assert storage.objects == {KEY: b"sound"}
