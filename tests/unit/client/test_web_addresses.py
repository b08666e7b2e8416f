"""Recordings on the web, which the command fetches itself."""

from pathlib import Path

import httpx
import pytest

from support.api_builders import TRANSCRIPT
from support.command import Command
from waas_contract.formats import OutputFormat, render_transcript

TXT = render_transcript(TRANSCRIPT, OutputFormat.TXT)


@pytest.fixture
def command() -> Command:
    return Command()


def serve_web(request: httpx.Request) -> httpx.Response:
    answers = {
        "/talk.mp3": httpx.Response(200, content=b"sound"),
        "/moved.mp3": httpx.Response(302, headers={"location": "https://media.example/talk.mp3"}),
        "/page": httpx.Response(200, html="<p>Hello"),
        "/large.mp3": httpx.Response(200, content=b"x" * (2 * 1024 * 1024)),
        "/endless.mp3": httpx.Response(200, stream=Endless()),
    }
    return answers.get(request.url.path, httpx.Response(404))


class Endless(httpx.AsyncByteStream):
    async def __aiter__(self):  # type: ignore[no-untyped-def]
        while True:
            yield b"x" * 65536


@pytest.mark.parametrize("name", ["talk", "moved"])
def test_a_recording_on_the_web_is_fetched_first(
    command: Command, tmp_path: Path, name: str
) -> None:
    command.change(web=httpx.MockTransport(serve_web))

    result = command.run(
        "transcribe", f"https://media.example/{name}.mp3", "-o", tmp_path, "--format", "txt"
    )

    assert result.exit_code == 0, result.stderr
    assert (tmp_path / f"{name}.txt").read_text() == TXT
    assert command.api.jobs.jobs["job-000"].spec.source.file_name == f"{name}.mp3"
    assert f"https://media.example/{name}.mp3: fetching" in result.stderr


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("nothing.mp3", "cannot be fetched: it answers 404."),
        ("page", "is a web page, not a recording"),
        ("large.mp3", "is larger than 1048576 bytes: allow more by --largest-download."),
        ("endless.mp3", "is larger than 1048576 bytes"),
    ],
)
def test_what_is_no_recording_on_the_web_ends_with_65(
    command: Command, tmp_path: Path, path: str, text: str
) -> None:
    command.change(web=httpx.MockTransport(serve_web))

    result = command.run(
        "transcribe", f"https://media.example/{path}", "-o", tmp_path, "--largest-download", "1"
    )

    assert result.exit_code == 65
    assert text in result.stderr
    assert command.api.storage.objects == {}


def redirect(place: str) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/start.mp3":
            return httpx.Response(302, headers={"location": place})
        return httpx.Response(200, content=b"sound")

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:3000/v2/jobs",
        "http://localhost/a.mp3",
        "http://[::1]/a.mp3",
        "http://[::ffff:10.0.0.1]/a.mp3",
        "http://192.168.0.1/a.mp3",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_the_web_does_not_lead_into_this_network(
    command: Command, tmp_path: Path, place: str
) -> None:
    command.change(web=redirect(place))

    result = command.run("transcribe", "https://8.8.8.8/start.mp3", "-o", tmp_path)

    assert result.exit_code == 65
    assert "which is not on the web." in result.stderr
    assert command.api.storage.objects == {}


@pytest.mark.parametrize(
    ("start", "place"),
    [
        ("https://8.8.8.8", "https://1.1.1.1/a.mp3"),
        ("http://10.0.0.1", "http://192.168.0.1/a.mp3"),
    ],
)
def test_other_redirects_are_followed(
    command: Command, tmp_path: Path, start: str, place: str
) -> None:
    command.change(web=redirect(place))

    result = command.run("transcribe", f"{start}/start.mp3", "-o", tmp_path)

    assert result.exit_code == 0, result.stderr


def test_redirects_without_end_are_given_up(command: Command, tmp_path: Path) -> None:
    command.change(web=redirect("/start.mp3"))

    result = command.run("transcribe", "https://8.8.8.8/start.mp3", "-o", tmp_path)

    assert result.exit_code == 65
    assert "it leads from place to place" in result.stderr


@pytest.mark.parametrize("path", ["talk.mp3", "nothing.mp3", "page", "large.mp3"])
@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_what_is_secret_in_an_address_is_not_shown(
    command: Command, tmp_path: Path, path: str, as_json: tuple[str, ...]
) -> None:
    command.change(web=httpx.MockTransport(serve_web))
    address = f"https://me:hidden@8.8.8.8/{path}?key=hidden#hidden"

    result = command.run("transcribe", address, "-o", tmp_path, "--largest-download", 1, *as_json)

    assert "https://8.8.8.8/" in result.stdout + result.stderr
    assert "hidden" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "address", ["https://me:hid/hidden@host/a.mp3", "https://[::hidden/a.mp3", "https:///hidden"]
)
def test_what_is_no_address_ends_with_2(command: Command, address: str) -> None:
    result = command.run("transcribe", address)

    assert result.exit_code == 2
    assert "is not an address on the web." in result.stderr


def test_a_download_for_which_there_is_no_room_touches_no_other(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.change(web=httpx.MockTransport(serve_web))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    (tmp_path / "a.mp3").write_bytes(b"sound")

    result = command.run(
        "transcribe", tmp_path / "a.mp3", "https://8.8.8.8/talk.mp3",
        "-o", tmp_path, "--format", "txt",
    )  # fmt: skip

    assert result.exit_code == 1
    assert "There is no room for a download" in result.stderr
    assert (tmp_path / "a.txt").read_text() == TXT
