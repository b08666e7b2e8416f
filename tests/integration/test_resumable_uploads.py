"""Resumable uploads over real sockets into real stores, through a network that breaks."""

import base64
import hashlib
import random
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.uploader.uploader import Uploader

from support.cutting_proxy import cutting
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.kept_objects import PLACES, in_folder, in_s3, s3_server
from support.live_api import serving
from support.waiting import wait_until
from waas_api.app import create_app
from waas_api.settings import Settings
from waas_api.storage.object_storage import ObjectStorage
from waas_client import Client, JobOptions
from waas_client.resuming import RESUMABLE_BYTES

MEBIBYTE = 1024 * 1024


@dataclass
class Place:
    """A store with a namespace of its own, and the jobs that come of what is sent there."""

    storage: ObjectStorage
    namespace: str
    jobs: FakeTranscriptionJobs

    @contextmanager
    def serving(self) -> Iterator[int]:
        settings = Settings.model_validate(
            {
                "namespace": self.namespace,
                "s3_endpoint": "http://127.0.0.1:9",
                "s3_access_key": "waas",
                "s3_secret_key": "unused",
            }
        )
        app = create_app(
            settings, object_storage=self.storage, transcription_jobs=lambda _: self.jobs
        )
        with serving(app) as port:
            yield port

    async def read(self, job_id: str) -> bytes:
        key = self.jobs.jobs[job_id].spec.source.key
        return await self.storage.read(key, largest_bytes=128 * MEBIBYTE)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    namespace = f"uploads-{secrets.token_hex(6)}"
    jobs = FakeTranscriptionJobs(namespace)
    if request.param == "folder":
        yield Place(in_folder(tmp_path / "data"), namespace, jobs)
        return
    with in_s3(s3_server(request)) as storage:
        yield Place(storage, namespace, jobs)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "Blåbær.mp3"
    path.write_bytes(b"\xff\xfb\x90\x00" + random.Random(1).randbytes(RESUMABLE_BYTES + 12345))
    return path


async def test_a_connection_that_is_cut_again_and_again_costs_little(
    place: Place, recording: Path
) -> None:
    size = recording.stat().st_size
    seen: list[int] = []
    with place.serving() as port, cutting(port, 8 * MEBIBYTE, 6 * MEBIBYTE, 11 * MEBIBYTE) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}", sleep=lambda _: time.sleep(0.1)) as client:
            job = client.submit(
                recording,
                JobOptions(model="base", labels={"desk": "news"}),
                on_progress=lambda done, _: seen.append(done),
            )
        sent = proxy.bytes_sent

    assert (job.file_name, job.model) == ("Blåbær.mp3", "base")
    assert place.jobs.jobs[job.id].metadata.labels == {"desk": "news"}
    stored = await place.read(job.id)
    assert hashlib.sha256(stored).digest() == hashlib.sha256(recording.read_bytes()).digest()
    assert seen[-1] == size
    # What was on its way at each of three cuts, and no more.
    assert sent < size + 3 * 4 * MEBIBYTE


async def test_a_restarted_api_goes_on(place: Place, recording: Path) -> None:
    content = recording.read_bytes()
    tus = {"Tus-Resumable": "1.0.0"}
    with place.serving() as port:
        begun = httpx.post(
            f"http://127.0.0.1:{port}/v2/uploads",
            headers=tus | {"Upload-Length": str(len(content))},
            trust_env=False,
        )
        path = begun.headers["location"]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = (
                f"PATCH {path} HTTP/1.1\r\nHost: api\r\nTus-Resumable: 1.0.0\r\n"
                f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n"
                f"Content-Length: {len(content)}\r\n\r\n"
            )
            connection.sendall(head.encode() + content[: 12 * MEBIBYTE])
            wait_until(
                lambda: int(_head(port, path).headers["upload-offset"]) >= 5 * MEBIBYTE,
                "a part is stored",
                poll_seconds=0.05,
            )
            # The server is told to stop while the connection is open.

    assert place.jobs.jobs == {}
    with place.serving() as port:
        offset = int(_head(port, path).headers["upload-offset"])
        assert 5 * MEBIBYTE <= offset <= 12 * MEBIBYTE
        answer = httpx.patch(
            f"http://127.0.0.1:{port}{path}",
            content=content[offset:],
            headers=tus
            | {
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": str(offset),
            },
            trust_env=False,
            timeout=180,
        )

    assert answer.status_code == 204, answer.text
    job_id = answer.headers["location"].rpartition("/")[2]
    assert await place.read(job_id) == content


def id_of(uploader: Uploader) -> str:
    assert uploader.url is not None
    return str(uploader.url).rpartition("/")[2]


def _head(port: int, path: str) -> httpx.Response:
    return httpx.head(
        f"http://127.0.0.1:{port}{path}",
        headers={"Tus-Resumable": "1.0.0"},
        timeout=120,
        trust_env=False,
    )


@pytest.mark.parametrize("chunk_bytes", [3 * MEBIBYTE, 2**62])
async def test_a_client_of_others_sends_a_recording(
    place: Place, recording: Path, chunk_bytes: int
) -> None:
    # A file of its own opening it would not close.
    with place.serving() as port, recording.open("rb") as file:
        uploader = TusClient(f"http://127.0.0.1:{port}/v2/uploads").uploader(
            file_stream=file,
            chunk_size=chunk_bytes,
            metadata={"filename": "a.mp3", "filetype": "audio/mpeg", "language": "Norwegian"},
        )
        uploader.upload()

    job_id = id_of(uploader)
    assert place.jobs.jobs[job_id].spec.language == "no"
    assert await place.read(job_id) == recording.read_bytes()


async def test_a_client_of_others_goes_on_after_a_cut(place: Place, recording: Path) -> None:
    with (
        place.serving() as port,
        cutting(port, 9 * MEBIBYTE) as proxy,
        recording.open("rb") as file,
    ):
        uploader = TusClient(f"http://127.0.0.1:{proxy.port}/v2/uploads").uploader(
            file_stream=file, retries=5, retry_delay=1
        )
        uploader.upload()
        answer = _head(port, f"/v2/uploads/{id_of(uploader)}")

    assert answer.headers["upload-offset"] == str(recording.stat().st_size)
    assert await place.read(id_of(uploader)) == recording.read_bytes()


def test_metadata_comes_back_as_it_was_sent(place: Place) -> None:
    metadata = f"filename {base64.b64encode(b'a.mp3').decode()}"
    tus = {"Tus-Resumable": "1.0.0"}
    with place.serving() as port:
        begun = httpx.post(
            f"http://127.0.0.1:{port}/v2/uploads",
            headers=tus | {"Upload-Length": "5", "Upload-Metadata": metadata},
            trust_env=False,
        )
        asked = _head(port, begun.headers["location"])

    assert asked.headers["upload-metadata"] == metadata
