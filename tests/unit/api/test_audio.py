"""The routes of OpenAI's audio API: who is let in, how long they wait, what they are told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from support.api_builders import NAMESPACE, TRANSCRIPT, make_settings, make_status, wait_for
from support.fake_time import run_in_fake_time
from support.openai_forms import TRANSCRIPTIONS, OpenAIApi
from waas_api.access.callers import Caller, Permission
from waas_api.errors import Unauthenticated
from waas_api.jobs.awaited_jobs import AwaitedJobs
from waas_api.openai.stream import KEEP_ALIVE
from waas_api.transcripts.waiting import TranscriptWait
from waas_contract.job_status import Phase
from waas_contract.names import AWAITED_UNTIL_ANNOTATION
from waas_contract.object_keys import partial_key
from waas_contract.transcript import PartialTranscript


class Login:
    """Lets in with some permissions, or nobody."""

    def __init__(self, *permissions: Permission) -> None:
        self._permissions = frozenset(permissions)

    async def authenticate(self, _: object, /) -> Caller:
        if not self._permissions:
            raise Unauthenticated("Say who you are.")
        return Caller(NAMESPACE, "ada", self._permissions)


def make_api(*permissions: Permission, **settings: object) -> OpenAIApi:
    login = Login(*(permissions or Permission))
    return OpenAIApi(settings=make_settings(**settings), authenticator=login)


def error_of(answer: httpx.Response) -> tuple[int, object, object]:
    error = answer.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    assert error["message"]
    return answer.status_code, error["param"], error["code"]


@pytest.mark.parametrize(
    ("sentence", "ask", "expected"),
    [
        ("an unknown model", lambda api: api.ask(model="x"), (404, "model", "model_not_found")),
        ("an unknown path", lambda api: api.get("/v1/audio/speech"), (404, None, "unknown_url")),
        ("the folder itself", lambda api: api.get("/v1/audio"), (404, None, "unknown_url")),
        (
            "an unknown model in the list",
            lambda api: api.get("/v1/models/x"),
            (404, "model", "model_not_found"),
        ),
        (
            "another method",
            lambda api: api.request("DELETE", "/v1/models/tiny"),
            (405, None, "method_not_supported"),
        ),
        (
            "a body that is no form",
            lambda api: api.request("POST", TRANSCRIPTIONS, b"sound"),
            (415, None, "unsupported_content_type"),
        ),
        (
            "an empty recording",
            lambda api: api.ask(sound=b""),
            (400, "file", "missing_required_parameter"),
        ),
        (
            "a recording that is too long",
            lambda api: api.ask(sound=bytes(3000)),
            (413, "file", "file_too_large"),
        ),
    ],
)
async def test_mistakes_are_told_in_openais_shape(
    sentence: str,  # noqa: ARG001
    ask: Callable[[OpenAIApi], Awaitable[httpx.Response]],
    expected: tuple[int, str | None, str],
) -> None:
    api = make_api(largest_upload_bytes=2000)

    assert error_of(await ask(api)) == expected
    assert (api.storage.objects, api.jobs.jobs) == ({}, {})


@pytest.mark.parametrize(
    ("permissions", "status", "code"),
    [
        ((), 401, "invalid_api_key"),
        ((Permission.READ,), 403, "insufficient_permissions"),
        ((Permission.CREATE,), 403, "insufficient_permissions"),
    ],
)
async def test_nobody_uploads_who_may_not(
    permissions: tuple[Permission, ...], status: int, code: str
) -> None:
    api = OpenAIApi(authenticator=Login(*permissions))

    assert error_of(await api.ask()) == (status, None, code)
    assert api.storage.objects == {}


async def test_a_store_that_is_away_is_to_be_tried_again() -> None:
    api = make_api()
    api.storage.is_away = True

    answer = await api.ask()

    assert error_of(answer) == (503, None, "storage_unavailable")
    assert answer.headers["retry-after"] == "10"


async def test_whisper_1_is_the_model_that_the_administrator_chose() -> None:
    api = make_api(openai_model="base")

    await api.ask(model="whisper-1")

    assert api.only_job().spec.model == "base"


async def test_models_are_those_that_may_be_named() -> None:
    api = make_api(models="tiny,base")

    listed = (await api.get("/v1/models")).json()

    assert [model["id"] for model in listed["data"]] == ["tiny", "base", "whisper-1"]
    assert (await api.get("/v1/models/whisper-1")).json() == listed["data"][-1]
    assert (await api.request("HEAD", "/v1/models")).status_code == 200


# Routes of other modules answer GET and HEAD under one operation id.
@pytest.mark.filterwarnings("ignore:Duplicate Operation ID:UserWarning")
async def test_the_forms_are_in_the_openapi_document() -> None:
    document = (await make_api().get("/openapi.json")).json()

    fields = {
        path: {
            name
            for name, field in document["paths"][f"/v1/audio/{path}"]["post"]["requestBody"][
                "content"
            ]["multipart/form-data"]["schema"]["properties"].items()
            if field != {"not": {}}
        }
        for path in ("transcriptions", "translations")
    }
    assert fields["translations"] == {"file", "model", "prompt", "response_format", "temperature"}
    assert fields["transcriptions"] - fields["translations"] == {
        "chunking_strategy",
        "language",
        "timestamp_granularities[]",
        "stream",
    }


async def test_a_wait_that_is_over_says_where_the_transcript_will_be() -> None:
    api = make_api(openai_longest_wait_seconds=0.01)
    api.moving_jobs.stays_running = True

    answer = await api.ask()

    name = api.only_job().metadata.name
    assert error_of(answer) == (504, None, "transcription_in_progress")
    assert answer.json()["error"]["job"] == answer.headers["location"] == f"/v2/jobs/{name}"
    assert (await api.get(f"/v2/jobs/{name}")).json()["phase"] == "Running"
    assert api.only_job().metadata.annotations[AWAITED_UNTIL_ANNOTATION].startswith("9999-")


async def test_a_job_that_somebody_cancels_is_told_and_not_tried_again() -> None:
    api = make_api()
    api.moving_jobs.stays_running = True
    asking = asyncio.create_task(api.ask())
    await wait_for(lambda: bool(api.jobs.jobs), "the job is there")
    await api.jobs.cancel(api.only_job().metadata.name)

    answer = await asking

    assert error_of(answer) == (409, None, "job_cancelled")
    assert answer.headers["x-should-retry"] == "false"


async def test_a_stream_says_in_its_last_event_what_went_wrong() -> None:
    api = make_api(openai_longest_wait_seconds=0.01)
    api.moving_jobs.stays_running = True

    answer = await api.ask(stream="true")

    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert answer.text.startswith("event: error\ndata: {")
    assert "transcription_in_progress" in answer.text


class Wait:
    """One client's wait in fake time, with its job as far as a test wants."""

    def __init__(self, longest_seconds: float = 600) -> None:
        self.api = OpenAIApi()
        self.api.moving_jobs.stays_running = True
        self.has_left = False
        self.events: list[bytes] = []
        self.longest_seconds = longest_seconds

    async def start(self) -> None:
        asking = asyncio.create_task(self.api.ask())
        while not self.api.jobs.jobs:
            await asyncio.sleep(0)
        self.name = self.api.only_job().metadata.name
        asking.cancel()
        await asyncio.wait([asking])

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        jobs = self.api.jobs
        start = jobs.jobs[self.name].metadata.creation_timestamp
        assert start is not None

        async def has_left() -> bool:
            return self.has_left

        wait = TranscriptWait(
            self.name,
            jobs,
            self.api.storage,
            AwaitedJobs(
                jobs, grace_seconds=600, now=lambda: start + timedelta(seconds=loop.time())
            ),
            longest_seconds=self.longest_seconds,
            largest_transcript_bytes=10_000,
            has_left=has_left,
            monotonic=loop.time,
        )
        async for event in wait.stream():
            self.events.append(event)

    def hear(self, segments: int) -> None:
        heard = PartialTranscript(language="no", segments=TRANSCRIPT.segments[:segments])
        key = partial_key(NAMESPACE, self.name)
        self.api.storage.objects[key] = heard.model_dump_json().encode()


def test_a_stream_brings_what_was_heard_so_far_and_shows_life_in_between() -> None:
    wait = Wait()

    async def play() -> None:
        await wait.start()
        listening = asyncio.create_task(wait.listen())
        await asyncio.sleep(25)
        assert set(wait.events) == {KEEP_ALIVE}
        wait.events.clear()
        wait.hear(2)
        await asyncio.sleep(9)
        assert wait.events == [b'data: {"type": "transcript.text.delta", "delta": "Hei."}\n\n']
        wait.api.moving_jobs.stays_running = False
        await listening

    run_in_fake_time(play())

    assert wait.events[-2:] == [
        b'data: {"type": "transcript.text.delta", "delta": " A --> B"}\n\n',
        b'data: {"type": "transcript.text.done", "text": "Hei. A --> B"}\n\n',
    ]


def test_what_cannot_be_read_of_a_running_job_ends_no_stream() -> None:
    wait = Wait()

    async def play() -> None:
        await wait.start()
        wait.api.storage.objects[partial_key(NAMESPACE, wait.name)] = b"not yet JSON"
        listening = asyncio.create_task(wait.listen())
        await asyncio.sleep(9)
        wait.api.storage.is_away = True
        await asyncio.sleep(9)
        wait.api.storage.is_away = False
        wait.api.moving_jobs.stays_running = False
        await listening

    run_in_fake_time(play())

    assert wait.events[-1] == (
        b'data: {"type": "transcript.text.done", "text": "Hei. A --> B"}\n\n'
    )


def test_a_client_that_leaves_is_waited_for_no_longer_and_its_job_goes_on() -> None:
    wait = Wait()

    async def play() -> None:
        await wait.start()
        listening = asyncio.create_task(wait.listen())
        await asyncio.sleep(5)
        wait.has_left = True
        await listening

    run_in_fake_time(play())

    assert not [event for event in wait.events if event != KEEP_ALIVE]
    job = wait.api.jobs.jobs[wait.name]
    assert (job.phase, job.spec.cancelled) == (Phase.RUNNING, False)
    assert AWAITED_UNTIL_ANNOTATION in job.metadata.annotations


async def test_a_job_of_another_release_without_a_reason_is_a_failure_all_the_same() -> None:
    api = make_api()
    api.moving_jobs.stays_running = True
    asking = asyncio.create_task(api.ask())
    await wait_for(lambda: bool(api.jobs.jobs), "the job is there")
    job = api.only_job()
    api.jobs.jobs[job.metadata.name] = job.model_copy(update={"status": make_status(Phase.FAILED)})

    answer = await asking

    assert error_of(answer) == (500, None, "job_failed")
    assert answer.headers["x-should-retry"] == "false"
