"""Uploads through a real socket into a real MinIO: whole ones, and ones that break."""

import asyncio
import hashlib
import io
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse

import httpx
import pytest
from minio import Minio, S3Error
from minio.credentials.providers import StaticProvider

from cluster.minio_server import MinioServer
from performance.upload_memory import MEBIBYTE, measure
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.live_api import serving
from support.service import BUCKET
from support.waiting import wait_until
from waas_api.app import create_app
from waas_api.settings import Settings
from waas_api.storage.minio_object_storage import MinioObjectStorage
from waas_api.storage.signed_requests import Bucket

pytestmark = pytest.mark.integration

NAMESPACE = "uploads"
HALF = b"x" * (7 * MEBIBYTE)
"""More than a part, so that a multipart upload has begun when it is sent."""

PATH = "/v1/transcribe?email_callback=a@b.no"


@dataclass
class LiveApi:
    """A served app whose next recording's id is known."""

    port: int
    name: str
    jobs: FakeTranscriptionJobs
    store: Minio

    @property
    def key(self) -> str:
        return f"{NAMESPACE}/{self.name}/audio/audio"

    def post(self, content: bytes | Iterator[bytes]) -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{self.port}{PATH}", content=content, timeout=120, trust_env=False
        )

    def has_object(self) -> bool:
        try:
            self.store.stat_object(BUCKET, self.key)
        except S3Error as error:
            if error.code != "NoSuchKey":
                raise
            return False
        return True

    def unfinished_uploads(self) -> int:
        # MinIO lists the unfinished uploads of one object only; the client offers no public way.
        listing = self.store._list_multipart_uploads(BUCKET, prefix=self.key)
        return len(listing.uploads)

    def connect(self, headers: str) -> socket.socket:
        """Begin a request by hand."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: api\r\n{headers}\r\n\r\n".encode())
        return connection


def storage_variables(minio_server: MinioServer) -> dict[str, str]:
    return {
        "WAAS_S3_ENDPOINT": f"http://{minio_server.endpoint}",
        "WAAS_S3_ACCESS_KEY": minio_server.access_key,
        "WAAS_S3_SECRET_KEY": minio_server.secret_key,
        "WAAS_S3_BUCKET": BUCKET,
    }


@contextmanager
def live_api(minio_server: MinioServer, object_store: Minio) -> Iterator[LiveApi]:
    name = secrets.token_hex(8)
    jobs = FakeTranscriptionJobs(NAMESPACE)
    settings = Settings.model_validate(
        {
            "namespace": NAMESPACE,
            "s3_endpoint": f"http://{minio_server.endpoint}",
            "s3_access_key": minio_server.access_key,
            "s3_secret_key": minio_server.secret_key,
            "s3_bucket": BUCKET,
            "largest_upload_bytes": 20 * MEBIBYTE,
            "upload_part_bytes": 5 * MEBIBYTE,
        }
    )
    with serving(
        create_app(settings, transcription_jobs=lambda _: jobs, new_id=lambda: name)
    ) as port:
        yield LiveApi(port, name, jobs, object_store)


@pytest.fixture
def api(minio_server: MinioServer, object_store: Minio) -> Iterator[LiveApi]:
    with live_api(minio_server, object_store) as api:
        yield api


@pytest.mark.parametrize("size", [1, 5 * MEBIBYTE, 5 * MEBIBYTE + 1, 12 * MEBIBYTE + 345])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_whole_upload_is_stored_byte_for_byte(api: LiveApi, size: int, is_chunked: bool) -> None:
    content = secrets.token_bytes(size)

    answer = api.post(iter([content]) if is_chunked else content)

    assert (answer.status_code, answer.json()) == (201, {"job_id": api.name})
    assert api.jobs.jobs[api.name].spec.source.key == api.key
    response = api.store.get_object(BUCKET, api.key)
    try:
        assert hashlib.sha256(response.read()).digest() == hashlib.sha256(content).digest()
    finally:
        response.close()
        response.release_conn()


CHUNKED = "Transfer-Encoding: chunked"


def begin_upload(api: LiveApi, headers: str) -> socket.socket:
    """Send the first half of a body, and wait until storage has a part of it."""
    connection = api.connect(headers)
    if headers == CHUNKED:
        connection.sendall(f"{len(HALF):x}\r\n".encode() + HALF + b"\r\n")
    else:
        connection.sendall(HALF)
    wait_until(lambda: api.unfinished_uploads() == 1, "a part is stored", poll_seconds=0.02)
    return connection


def read_answer(connection: socket.socket) -> tuple[int, str]:
    with HTTPResponse(connection) as response:
        response.begin()
        return response.status, response.read().decode()


def assert_nothing_is_left(api: LiveApi) -> None:
    wait_until(
        lambda: api.unfinished_uploads() == 0 and not api.has_object(),
        "no object and no unfinished upload is left",
        timeout_seconds=60,
    )
    assert api.jobs.jobs == {}


@pytest.mark.parametrize("headers", [f"Content-Length: {2 * len(HALF)}", CHUNKED])
def test_an_upload_cut_off_half_way_leaves_no_object_and_no_job(api: LiveApi, headers: str) -> None:
    with begin_upload(api, headers):
        pass

    assert_nothing_is_left(api)


def test_an_upload_that_breaks_off_before_a_whole_part_leaves_nothing(api: LiveApi) -> None:
    with api.connect("Content-Length: 1000") as connection:
        connection.sendall(b"x" * 500)

    assert_nothing_is_left(api)


def test_a_store_that_goes_away_is_a_503_and_tidied_when_it_is_back(
    api: LiveApi, minio_server: MinioServer
) -> None:
    with begin_upload(api, CHUNKED) as connection:
        minio_server.stop()
        try:
            connection.sendall(f"{len(HALF):x}\r\n".encode() + HALF + b"\r\n0\r\n\r\n")
            status, text = read_answer(connection)
        finally:
            minio_server.start()

    assert status == 503
    assert text == "Object storage does not work just now. Try again in a moment."
    assert_nothing_is_left(api)


def test_an_api_that_is_told_to_stop_leaves_nothing_of_an_upload(
    minio_server: MinioServer, object_store: Minio
) -> None:
    with live_api(minio_server, object_store) as api:
        connection = begin_upload(api, CHUNKED)

    with connection:
        assert_nothing_is_left(api)


async def test_storing_that_is_cancelled_ends_at_once(
    minio_server: MinioServer, object_store: Minio
) -> None:
    bucket = Bucket(
        endpoint=f"http://{minio_server.endpoint}",
        name=BUCKET,
        region="us-east-1",
        credentials=StaticProvider(minio_server.access_key, minio_server.secret_key),
    )
    storage = MinioObjectStorage(bucket, part_bytes=5 * MEBIBYTE, uploads_at_once=1)
    is_waiting = asyncio.Event()

    async def endless_body() -> AsyncIterator[bytes]:
        yield HALF
        is_waiting.set()
        await asyncio.Event().wait()

    key = f"{NAMESPACE}/{secrets.token_hex(8)}/audio/audio"
    storing = asyncio.create_task(storage.store(key, endless_body()))
    await is_waiting.wait()
    storing.cancel()

    async with asyncio.timeout(120):
        with pytest.raises(asyncio.CancelledError):
            await storing
    assert not object_store._list_multipart_uploads(BUCKET, prefix=key).uploads
    storage.close()


async def test_all_below_a_prefix_is_removed_and_nothing_beside_it(
    minio_server: MinioServer, object_store: Minio
) -> None:
    bucket = Bucket(
        endpoint=f"http://{minio_server.endpoint}",
        name=BUCKET,
        region="us-east-1",
        credentials=StaticProvider(minio_server.access_key, minio_server.secret_key),
    )
    storage = MinioObjectStorage(bucket, part_bytes=5 * MEBIBYTE, uploads_at_once=1)
    name = secrets.token_hex(8)
    keys = [f"{NAMESPACE}/{name}/{key}" for key in ("audio/a b+c", "results/1/t.srt", "m.json")]
    beside = f"{NAMESPACE}/{name}0/m.json"
    for key in (*keys, beside):
        object_store.put_object(BUCKET, key, io.BytesIO(b"x"), 1)

    for _ in range(2):
        await storage.discard_all(f"{NAMESPACE}/{name}/")

    left = object_store.list_objects(BUCKET, f"{NAMESPACE}/{name}", recursive=True)
    assert [each.object_name for each in left] == [beside]
    for prefix in ("", "/", f"{NAMESPACE}/{name}"):
        with pytest.raises(ValueError, match="others' keys"):
            await storage.discard_all(prefix)
    storage.close()


def test_an_upload_that_turns_out_too_long_leaves_nothing(api: LiveApi) -> None:
    answer = api.post(iter([HALF, HALF, HALF]))

    assert answer.status_code == 413
    assert_nothing_is_left(api)


def test_an_upload_that_is_announced_too_long_is_refused_before_it_is_sent(api: LiveApi) -> None:
    headers = f"Content-Length: {21 * MEBIBYTE}\r\nExpect: 100-continue"
    with api.connect(headers) as connection:
        status, _ = read_answer(connection)

    assert status == 413

    assert_nothing_is_left(api)


@pytest.mark.parametrize("mebibytes", [256, pytest.param(2048, marks=pytest.mark.long)])
def test_memory_does_not_grow_with_the_upload(
    minio_server: MinioServer,
    object_store: Minio,  # noqa: ARG001 # makes the bucket
    mebibytes: int,
) -> None:
    measurement = measure(storage_variables(minio_server), size=mebibytes * MEBIBYTE)

    assert measurement.growth_bytes < 64 * MEBIBYTE, measurement
