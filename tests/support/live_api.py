"""The api on a real socket: in a thread beside the test, or in a process of its own."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.waiting import wait_until
from waas_api.app import create_app
from waas_api.logs import configure_logging
from waas_api.settings import Settings

TESTS = Path(__file__).parents[1]


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """Serve an app in a thread and give the port on 127.0.0.1."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the api serves", poll_seconds=0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def serving_process(variables: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the api with a real store and without Kubernetes; the port is on 127.0.0.1."""
    process = subprocess.Popen(
        [sys.executable, "-m", "support.live_api"],
        cwd=TESTS,
        env={**variables, "WAAS_HOST": "127.0.0.1", "WAAS_PORT": str(port)},
    )

    def is_healthy() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the api ended with code {process.returncode}")
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(is_healthy, "the api serves")
        yield process
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Be the process."""
    configure_logging()
    settings = Settings()
    app = create_app(settings, transcription_jobs=FakeTranscriptionJobs)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None)


if __name__ == "__main__":
    main()
