"""The Python client: blocking and async, on the api itself and on servers that misbehave."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api_builders import TRANSCRIPT, make_settings, make_spec, make_status
from support.quick_api import BAD_SOUND, SERVER, QuickApi, answering
from waas_client import AsyncClient, Client, JobOptions, errors
from waas_client.connection import client_options, parse_server
from waas_contract.formats import OutputFormat, render_transcript
from waas_contract.job_status import Phase

IDENTITY = {"service": "waas", "version": "0"}


class Bridge(httpx.BaseTransport):
    """Lets the blocking client speak to an app in the process."""

    def __init__(self, api: QuickApi) -> None:
        self._app = httpx.ASGITransport(app=api.app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()

        async def send() -> httpx.Response:
            copy = httpx.Request(
                request.method, request.url, headers=request.headers, content=content
            )
            response = await self._app.handle_async_request(copy)
            return httpx.Response(
                response.status_code, headers=response.headers, content=await response.aread()
            )

        return asyncio.run(send())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "Blåbær.mp3"
    path.write_bytes(b"sound" * 100_000)
    return path


def test_the_blocking_client_goes_all_the_way(recording: Path) -> None:
    api = QuickApi()
    sent: list[tuple[int, int | None]] = []
    seen: list[str] = []
    with Client(SERVER, transport=Bridge(api), sleep=lambda _: None) as client:
        job = client.submit(
            recording,
            JobOptions(model="base", language="no", formats=("srt",), prompt="Hei"),
            on_progress=lambda done, total: sent.append((done, total)),
        )
        done = client.wait(job.id, on_change=lambda each: seen.append(each.phase))
        text = client.result(job.id, "srt")
        listed = [each.id for each in client.jobs()]
        client.delete(job.id)

        assert (done.phase, done.fraction_done) == (Phase.SUCCEEDED, 1.0)
        assert client.models().default == "tiny"
        with pytest.raises(errors.JobNotFound):
            client.job(job.id)
    assert text.decode() == render_transcript(TRANSCRIPT, OutputFormat.SRT)
    assert listed == [job.id]
    assert sent[-1] == (500_000, 500_000)
    assert len(sent) > 1
    assert seen == ["Pending", "Running", "Succeeded"]


async def test_the_async_client_goes_all_the_way(recording: Path) -> None:
    api = QuickApi()
    async with api.connect(SERVER) as client:
        job = await client.submit(recording, JobOptions(word_timestamps=True))
        await client.wait(job.id)
        text = await client.result(job.id, "txt")
        listed = [each.id async for each in client.jobs()]
        await client.delete(job.id)

        assert (await client.models()).names()[0] == "tiny.en"
    assert text.decode() == render_transcript(TRANSCRIPT, OutputFormat.TXT)
    assert listed == [job.id]


async def test_all_pages_are_listed() -> None:
    api = QuickApi()
    for number in range(205):
        api.jobs.put(f"a-{number}", make_spec(), make_status(Phase.SUCCEEDED))
    async with api.connect(SERVER) as client:
        assert len([job.id async for job in client.jobs()]) == 205


async def test_an_open_file_is_sent_without_a_length() -> None:
    api = QuickApi()
    async with api.connect(SERVER) as client:
        job = await client.submit(io.BytesIO(b"sound"), file_name="a.mp3")

    assert api.storage.objects == {f"team-a/{job.id}/audio/a.mp3": b"sound"}


def never(_: httpx.Request) -> httpx.Response:
    raise AssertionError("nothing may be sent")


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda path: path / "none", errors.FileUnreadable, "There is no file"),
        (lambda path: path, errors.FileUnreadable, "is a folder, not a recording"),
        (lambda path: (path / "empty").touch() or path / "empty", errors.FileEmpty, "is empty"),
    ],
)
def test_what_cannot_be_sent_is_told_before_anything_is(
    tmp_path: Path, make: Callable[[Path], Path], error: type[Exception], text: str
) -> None:
    with (
        Client(SERVER, transport=httpx.MockTransport(never)) as client,
        pytest.raises(error, match=text),
    ):
        client.submit(make(tmp_path))


def test_a_file_that_becomes_shorter_is_told(recording: Path) -> None:
    def shorten(done: int, _: int | None) -> None:
        with recording.open("r+b") as file:
            file.truncate(done)

    def swallow(request: httpx.Request) -> httpx.Response:
        request.read()
        return httpx.Response(200, json=IDENTITY)

    with (
        Client(SERVER, transport=httpx.MockTransport(swallow)) as client,
        pytest.raises(errors.FileChanged, match=r"Blåbær\.mp3 became shorter"),
    ):
        client.submit(recording, on_progress=shorten)


STRANGERS: list[tuple[str, httpx.Response]] = [
    ("a web site", httpx.Response(200, html="<p>Hello")),
    ("another service", httpx.Response(200, json={"service": "other"})),
    ("one that knows no such path", httpx.Response(404, text="nothing here")),
    ("one that sends elsewhere", httpx.Response(302, headers={"location": "http://evil.example"})),
    ("one that wants a password", httpx.Response(401, text="who are you")),
    ("one that fails", httpx.Response(500, text="oops")),
]


@pytest.mark.parametrize(("sentence", "answer"), STRANGERS, ids=lambda each: str(each)[:30])
def test_a_stranger_gets_no_recording(
    sentence: str, answer: httpx.Response, recording: Path
) -> None:
    asked = []

    def answer_all(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, request.url.host))
        return answer

    with (
        Client(SERVER, transport=httpx.MockTransport(answer_all)) as client,
        pytest.raises(errors.NotAWaasServer, match="is not a server of this service"),
    ):
        client.submit(recording)
    assert asked == [("GET", "/v2", "waas.example")], sentence


@pytest.mark.parametrize(
    ("failure", "error", "text"),
    [
        (httpx.ConnectError("Connection refused"), errors.ServerUnreachable,
         "Nobody answers at http://waas.example:3000: Connection refused."),
        (httpx.ConnectTimeout(""), errors.ServerUnreachable,
         "Nobody answers at http://waas.example:3000: it took too long."),
        (httpx.ReadTimeout(""), errors.ServerUnreachable, "does not answer in time"),
        (httpx.ReadError(""), errors.ServerUnreachable, "The connection to .* broke: ReadError."),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_reached_is_told(
    failure: httpx.HTTPError, error: type[Exception], text: str
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise failure

    with (
        Client(SERVER, transport=httpx.MockTransport(fail)) as client,
        pytest.raises(error, match=text),
    ):
        client.models()


def test_a_server_that_goes_away_during_the_upload_is_told(recording: Path) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(200, json=IDENTITY)

    with (
        Client(SERVER, transport=httpx.MockTransport(fail)) as client,
        pytest.raises(errors.UploadInterrupted, match="went away during the upload"),
    ):
        client.submit(recording)


def problem(status: int, name: str, **headers: str) -> httpx.Response:
    body = {"type": f"tag:waas.dev,2026:{name}", "title": "No", "detail": "It is so."}
    return httpx.Response(
        status, json=body, headers={"content-type": "application/problem+json", **headers}
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(404, "job-not-found"), errors.JobNotFound),
        (problem(409, "job-not-ended"), errors.JobNotEnded),
        (problem(409, "job-failed"), errors.ResultNotReady),
        (problem(400, "unknown-model"), errors.UnknownModel),
        (problem(413, "upload-too-large"), errors.UploadTooLarge),
        (problem(418, "from-a-later-release"), errors.Refused),
        (problem(503, "storage-unavailable"), errors.ServerBusy),
        (problem(500, "internal-error"), errors.ServerFailed),
    ],
)
def test_a_refusal_is_told_in_the_server_s_words(
    answer: httpx.Response, error: type[Exception]
) -> None:
    with (
        Client(SERVER, transport=answering({"/v2/jobs/a": answer})) as client,
        pytest.raises(error, match=r"It is so\.") as caught,
    ):
        client.job("a")
    assert type(caught.value) is error


def test_a_server_that_is_busy_says_for_how_long() -> None:
    answer = problem(503, "too-many-uploads", **{"retry-after": "60"})
    with (
        Client(SERVER, transport=answering({"/v2/jobs/a": answer})) as client,
        pytest.raises(errors.ServerBusy) as caught,
    ):
        client.job("a")
    assert caught.value.retry_after_seconds == 60


async def test_what_the_api_refuses_is_an_error_of_ours(recording: Path) -> None:
    api = QuickApi(settings=make_settings(largest_upload_bytes=10))
    async with api.connect(SERVER) as client:
        with pytest.raises(errors.UploadTooLarge, match="at most 10 bytes"):
            await client.submit(recording)
        with pytest.raises(errors.UnknownModel):
            await client.submit(io.BytesIO(b"x"), JobOptions(model="huge"))
        with pytest.raises(errors.Refused, match="Give a language"):
            await client.submit(io.BytesIO(b"x"), JobOptions(language="elvish"))
        with pytest.raises(errors.JobNotFound):
            await client.cancel("nobody")


async def test_waiting_for_a_job_that_fails_says_why() -> None:
    api = QuickApi()
    async with api.connect(SERVER) as client:
        job = await client.submit(io.BytesIO(BAD_SOUND))
        with pytest.raises(errors.JobFailed, match=r"No sound in it\. \(BadAudio\)") as caught:
            await client.wait(job.id)
        with pytest.raises(errors.ResultNotReady):
            await client.result(job.id)
    assert caught.value.job.reason == "BadAudio"


async def test_waiting_for_a_job_that_is_cancelled_ends() -> None:
    api = QuickApi()
    async with api.connect(SERVER) as client:
        job = await client.submit(io.BytesIO(b"sound"))
        assert (await client.cancel(job.id)).cancelled
        with pytest.raises(errors.JobCancelled):
            await client.wait(job.id)


async def test_waiting_has_an_end() -> None:
    api = QuickApi()
    api.moving_jobs.stays_running = True
    async with api.connect(SERVER) as client:
        job = await client.submit(io.BytesIO(b"sound"))
        with pytest.raises(errors.WaitedTooLong, match=r"is (Pending|Running) after") as caught:
            await client.wait(job.id, timeout_seconds=0)
    assert not caught.value.job.is_final


def test_waiting_outlasts_a_server_that_is_away_for_a_moment() -> None:
    answers: Iterator[Any] = iter(
        [httpx.ConnectError("refused"), problem(503, "x"), httpx.Response(
            200, json={"id": "a", "phase": "Succeeded"})]
    )  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2":
            return httpx.Response(200, json=IDENTITY)
        given = next(answers)
        if isinstance(given, Exception):
            raise given
        assert isinstance(given, httpx.Response)
        return given

    with Client(SERVER, transport=httpx.MockTransport(answer), sleep=lambda _: None) as client:
        assert client.wait("a").phase == Phase.SUCCEEDED


def test_waiting_gives_up_on_a_server_that_stays_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2":
            return httpx.Response(200, json=IDENTITY)
        raise httpx.ConnectError("refused")

    with (
        Client(SERVER, transport=httpx.MockTransport(answer), sleep=lambda _: None) as client,
        pytest.raises(errors.ServerUnreachable),
    ):
        client.wait("a", patience_seconds=-1)


def test_words_of_a_later_release_are_words() -> None:
    answer = httpx.Response(200, json={"id": "a", "phase": "Dreaming", "dreams": ["of sheep"]})
    with Client(SERVER, transport=answering({"/v2/jobs/a": answer})) as client:
        job = client.job("a")
    assert (job.phase, job.is_final, job.fraction_done) == ("Dreaming", False, 0.0)


@pytest.mark.parametrize("address", ["waas.example", "ftp://waas.example", "http://", "http://[::"])
def test_an_address_must_be_one(address: str) -> None:
    with pytest.raises(errors.InvalidAddress):
        parse_server(address)


@pytest.mark.parametrize(
    ("server", "trusts"),
    [
        ("http://127.0.0.1:3000", False),
        ("http://localhost:3000", False),
        ("http://[::1]:3000", False),
        ("https://waas.example", True),
    ],
)
def test_no_proxy_gets_what_stays_on_this_machine(server: str, trusts: bool) -> None:
    assert client_options(server)["trust_env"] is trusts


def test_a_password_in_the_address_is_not_shown() -> None:
    with Client("https://me:hunter2@waas.example/speech/") as client:
        assert client.server == "https://waas.example/speech"


def test_the_async_client_closes_its_file_when_it_is_cancelled(recording: Path) -> None:
    is_reading = threading.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert isinstance(request.stream, httpx.AsyncByteStream)
            async for _ in request.stream:
                is_reading.set()
                await asyncio.Event().wait()
        return httpx.Response(200, json=IDENTITY)

    async def submit() -> None:
        async with AsyncClient(SERVER, transport=httpx.MockTransport(hang)) as client:
            submitting = asyncio.create_task(client.submit(recording))
            while not is_reading.is_set():
                await asyncio.sleep(0.01)
            submitting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await submitting

    # A file that stays open is a warning, and warnings are errors here.
    asyncio.run(submit())
