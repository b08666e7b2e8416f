"""The command as a process: at a terminal, in a script, with servers that go away."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from support.command import make_recording
from support.live_api import serving
from support.quick_api import QuickApi
from support.speech import librivox_clip
from support.spoken_words import words_of
from support.terminal import Terminal
from support.waiting import wait_until
from waas_client import AsyncClient, JobOptions
from waas_client.command_line.exit_codes import CommandError, ExitCode
from waas_client.command_line.local_server import running_local_server
from waas_client.command_line.private_folder import private_folder

pytestmark = pytest.mark.integration

WAAS = str(Path(sys.executable).with_name("waas"))


@dataclass
class Scene:
    """A served api whose jobs run until they are told otherwise, and a recording."""

    api: QuickApi
    command: list[str]

    def cancelled(self) -> list[bool]:
        return [job.spec.cancelled for job in self.api.jobs.jobs.values()]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    api = QuickApi()
    api.moving_jobs.stays_running = True
    recording = make_recording(tmp_path / "talk.mp3")
    with serving(api.app) as port:
        server = f"http://127.0.0.1:{port}"
        yield Scene(api, [WAAS, "transcribe", str(recording), "--server", server])


def test_a_person_sees_bars_and_is_asked_at_ctrl_c(scene: Scene) -> None:
    with Terminal(scene.command) as terminal:
        terminal.wait_for("50 %")
        terminal.press_ctrl_c()
        terminal.wait_for("Cancel the transcription under way? [y/N]")
        terminal.type("n\n")
        terminal.shown = ""
        terminal.wait_for("50 %")
        terminal.press_ctrl_c()
        terminal.wait_for("under way? [y/N]")
        terminal.type("y\n")

        assert terminal.wait() == 130
    assert "Cancelled." in terminal.shown
    assert scene.cancelled() == [True]


def test_ctrl_c_twice_leaves_the_job_to_the_server(scene: Scene) -> None:
    with Terminal(scene.command) as terminal:
        terminal.wait_for("50 %")
        terminal.press_ctrl_c()
        terminal.wait_for("under way? [y/N]")
        terminal.press_ctrl_c()

        assert terminal.wait() == 130
    assert "still with the server; fetch it by: waas download job-000" in terminal.shown
    assert scene.cancelled() == [False]


def test_a_person_sees_the_outputs_at_the_end(scene: Scene) -> None:
    scene.api.moving_jobs.stays_running = False
    with Terminal(scene.command) as terminal:
        assert terminal.wait() == 0
    assert "talk.mp3 done" in terminal.shown
    assert "talk.srt" in terminal.shown


def test_a_watched_folder_is_transcribed_as_it_fills(scene: Scene, tmp_path: Path) -> None:
    scene.api.moving_jobs.stays_running = False
    folder = tmp_path / "inbox"
    folder.mkdir()
    command = [WAAS, "transcribe", str(folder), "--watch", *scene.command[3:]]
    with Terminal(command) as terminal:
        terminal.wait_for("Ctrl-C ends it.")
        make_recording(folder / "new.mp3")
        terminal.wait_for("new.mp3 done")
        terminal.press_ctrl_c()

        assert terminal.wait() == 0
    assert (folder / "new.srt").is_file()


def test_a_script_is_not_asked(scene: Scene) -> None:
    process = subprocess.Popen(
        scene.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    wait_until(lambda: scene.api.jobs.get_calls > 2, "it is transcribed")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert (process.returncode, out) == (130, "")
    assert "still with the server" in err


def serve_until_upload(listening: socket.socket) -> None:
    """Say that this is the service, then break the first upload off."""
    body = b'{"service":"waas","version":"0"}'
    while True:
        connection, _ = listening.accept()
        with connection:
            while request := connection.recv(65536):
                if request.startswith(b"POST"):
                    return
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )


def test_a_server_that_goes_away_during_an_upload_is_told(tmp_path: Path) -> None:
    # Below the length from which a recording is sent in pieces, and above all buffers.
    recording = make_recording(tmp_path / "talk.mp3", os.urandom(24 * 1024 * 1024))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve_until_upload, args=(listening,), daemon=True)
        server.start()
        command = [WAAS, "transcribe", str(recording), "--server",
                   f"http://127.0.0.1:{listening.getsockname()[1]}"]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        server.join(10)

    assert (result.returncode, result.stdout) == (69, "")
    assert "went away during the upload" in result.stderr
    assert "send the recording again" in result.stderr


ANNOUNCE = (
    "import os, sys, time\n"
    "assert os.environ['WAAS_HOST'] == '127.0.0.1'\n"
    "os.makedirs(os.environ['WAAS_DATA'])\n"
    "print('waas listens on http://127.0.0.1:54321', flush=True)\n"
    "assert os.environ['WAAS_STOP_AT_END_OF_INPUT'] == '1'\n"
    "sys.stdin.read()\n"
)


async def test_a_private_server_goes_with_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    before = set(psutil.Process().children())
    async with running_local_server("base", [sys.executable, "-c", ANNOUNCE]) as address:
        (process,) = set(psutil.Process().children()) - before
        data = Path(process.environ()["WAAS_DATA"])
        assert address == "http://127.0.0.1:54321"
        assert process.environ()["WAAS_MODEL"] == "base"
        assert data.is_dir()
        assert data.parent.parent == tmp_path / "share"

    assert not process.is_running()
    assert not data.parent.exists()


async def test_a_private_server_that_does_not_start_says_why() -> None:
    program = "import sys; sys.exit('waas: The model tiny is not in the cache.')"

    with pytest.raises(CommandError, match=r"code 1.*tiny is not in the cache") as caught:
        async with running_local_server(None, [sys.executable, "-c", program]):
            pass

    assert caught.value.exit_code is ExitCode.UNAVAILABLE


async def test_a_model_that_a_private_server_has_not_ends_with_2() -> None:
    program = "import sys; sys.stderr.write('waas: There is no model.\\n'); sys.exit(78)"

    with pytest.raises(CommandError, match="There is no model") as caught:
        async with running_local_server("huge", [sys.executable, "-c", program]):
            pass

    assert caught.value.exit_code is ExitCode.USAGE


HOST = f"""
import asyncio, signal, sys
# As a terminal starts it; below nohup it would take no notice of one that closes.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from waas_client.command_line.local_server import running_local_server
from waas_client.command_line.options import run_command

async def work():
    async with running_local_server(None, [sys.executable, "-c", {ANNOUNCE!r}]):
        print("ready", flush=True)
        await asyncio.sleep(100)

run_command(work())
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_a_private_server_goes_however_its_command_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOST], stdout=subprocess.PIPE, env=environment
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == b"ready\n"
        (server,) = psutil.Process(command.pid).children()
        command.send_signal(number)
        command.wait(120)
        wait_until(lambda: not server.is_running(), "the server has ended")

    left = list(tmp_path.iterdir())
    assert len(left) == (1 if number == signal.SIGKILL else 0)
    for folder in left:
        os.utime(folder, (0, 0))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with private_folder() as (own, _):
        # What was left behind goes with the next command.
        assert list(tmp_path.iterdir()) == [own]


async def test_this_machine_transcribes_by_itself(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAAS_MODEL_DIRECTORY", str(weights))
    clip = librivox_clip("0880")
    async with running_local_server("base") as address, AsyncClient(address) as client:
        job = await client.submit(clip.path, JobOptions(model="base", language="en"))
        await client.wait(job.id)
        text = await client.result(job.id, "txt")
        await client.delete(job.id)

    assert words_of(text.decode()) == words_of(clip.text)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/v2", trust_env=False)
