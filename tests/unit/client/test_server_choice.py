"""Which server `waas transcribe` sends audio to where none is named, and what it says of that."""

from pathlib import Path

import httpx
import pytest

from support.api_builders import TRANSCRIPT
from support.command import Command, make_recording, unreachable
from waas_client import AsyncClient
from waas_contract.formats import OutputFormat, render_transcript

TXT = render_transcript(TRANSCRIPT, OutputFormat.TXT)


@pytest.fixture
def command() -> Command:
    return Command()


def test_the_server_on_the_usual_port_is_used_if_it_is_one_of_ours(
    command: Command, tmp_path: Path
) -> None:
    result = command.run("transcribe", make_recording(tmp_path / "a.mp3"), server=None)

    assert result.exit_code == 0
    assert "Audio stays on this machine (http://127.0.0.1:3000)." in result.stderr


def test_without_a_server_one_is_started_for_the_command(command: Command, tmp_path: Path) -> None:
    def connect(server: str, api_key: str | None) -> AsyncClient:
        return (
            unreachable(server)
            if server.endswith(":3000")
            else command.api.connect(server, api_key)
        )

    command.change(connect=connect)

    result = command.run("transcribe", make_recording(tmp_path / "a.mp3"), server=None)

    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[:2] == [
        "Starting a server on this machine, for this command alone …",
        "Audio stays on this machine.",
    ]
    assert (tmp_path / "a.txt").read_text() == TXT


def test_a_stranger_on_the_usual_port_gets_nothing(command: Command, tmp_path: Path) -> None:
    stranger = httpx.MockTransport(lambda _: httpx.Response(200, html="<p>Hello"))

    def connect(server: str, api_key: str | None) -> AsyncClient:
        if server.endswith(":3000"):
            return AsyncClient(server, transport=stranger)
        return command.api.connect(server, api_key)

    command.change(connect=connect)

    result = command.run("transcribe", make_recording(tmp_path / "a.mp3"), server=None)

    assert result.exit_code == 0
    assert "http://127.0.0.1:3000 is not a server of this service. It gets no" in result.stderr
