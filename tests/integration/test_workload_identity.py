"""Without a password: a token is exchanged at a real MinIO, or an agent like EKS' is asked."""

import base64
import hashlib
import json
import math
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cluster import minio_server as minio_servers
from cluster.fixtures import GetBinaries
from cluster.minio_server import BUCKET, MinioServer
from cluster.run_folder import RunFolder
from cluster.watchdog import stop_and_remove, watched
from support.builders import make_settings
from support.token_issuer import TokenIssuer, running_token_issuer
from waas_api.errors import ObjectNotFound
from waas_api.errors import StorageUnavailable as ApiStorageUnavailable
from waas_api.storage.credentials import find_credentials
from waas_api.storage.minio_object_storage import MinioObjectStorage as ApiObjectStorage
from waas_api.storage.signed_requests import Bucket
from waas_contract.store_credentials import StoreCredentials
from waas_operator.errors import StorageUnavailable
from waas_operator.object_storage import MinioObjectStorage

pytestmark = pytest.mark.integration

AUDIENCE = "waas-store"
REGION = "us-east-1"
PART_BYTES = 5 * 1024 * 1024
# MinIO names a role by whom its tokens are meant for.
ROLE = (
    "arn:minio:iam:::role/"
    + base64.urlsafe_b64encode(hashlib.sha1(AUDIENCE.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[TokenIssuer]:
    with running_token_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def store(
    issuer: TokenIssuer, tmp_path_factory: pytest.TempPathFactory, cluster_binaries: GetBinaries
) -> Iterator[MinioServer]:
    """A MinIO that trusts the issuer, as one in a cluster trusts the cluster."""
    run = RunFolder(tmp_path_factory.mktemp("trusting-store"))
    with watched(run):
        server = minio_servers.start(
            run,
            cluster_binaries([minio_servers.NAME]),
            {
                "MINIO_IDENTITY_OPENID_CONFIG_URL": issuer.configuration_url,
                "MINIO_IDENTITY_OPENID_CLIENT_ID": AUDIENCE,
                "MINIO_IDENTITY_OPENID_ROLE_POLICY": "readwrite",
            },
        )
        server.make_bucket()
        yield server
        stop_and_remove(run)


@pytest.fixture
def token_file(issuer: TokenIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables of a pod whose token the chart mounts."""
    path = tmp_path / "token"
    path.write_text(issuer.issue(audience=AUDIENCE, subject="system:serviceaccount:waas:waas-api"))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(path))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    return path


def settings_of(store: MinioServer) -> dict[str, object]:
    return {
        "s3_workload_identity": True,
        "s3_token_service": f"http://{store.endpoint}",
        "s3_access_key": None,
        "s3_secret_key": None,
    }


@pytest.fixture
def api_storage(store: MinioServer) -> Iterator[ApiObjectStorage]:
    credentials = find_credentials(StoreCredentials.model_validate(settings_of(store)), REGION)
    bucket = Bucket(f"http://{store.endpoint}", BUCKET, REGION, credentials)
    storage = ApiObjectStorage(bucket, part_bytes=PART_BYTES, uploads_at_once=1)
    yield storage
    storage.close()


@pytest.fixture
def operator_storage(store: MinioServer) -> MinioObjectStorage:
    endpoint = f"http://{store.endpoint}"
    return MinioObjectStorage.connect(make_settings(s3_endpoint=endpoint, **settings_of(store)))


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for each in pieces:
        yield each


@pytest.mark.usefixtures("token_file")
async def test_api_stores_and_reads_by_its_token(api_storage: ApiObjectStorage) -> None:
    small, large = f"newsroom/{secrets.token_hex(8)}/a", f"newsroom/{secrets.token_hex(8)}/b"

    assert await api_storage.is_ready()
    assert await api_storage.store(small, in_pieces(b"small")) == 5
    # In parts, by requests that the api signs itself.
    assert await api_storage.store(large, in_pieces(bytes(PART_BYTES), b"rest")) == PART_BYTES + 4
    assert await api_storage.read(small, largest_bytes=10) == b"small"
    await api_storage.discard_all(small.rpartition("/")[0] + "/", until=math.inf)
    with pytest.raises(ObjectNotFound):
        await api_storage.read(small, largest_bytes=10)


@pytest.mark.usefixtures("token_file")
async def test_jobs_use_urls_that_end_with_the_operators_credentials(
    operator_storage: MinioObjectStorage,
) -> None:
    key = f"newsroom/{secrets.token_hex(8)}/note"

    lifetime = await operator_storage.measure_url_lifetime()
    put, get = (operator_storage.sign(method, None, key) for method in ("PUT", "GET"))

    # MinIO's sessions take an hour, where URLs would otherwise take twelve.
    assert timedelta(minutes=59) < lifetime <= timedelta(hours=1)
    assert int(parse_qs(urlsplit(get).query)["X-Amz-Expires"][0]) <= 3600
    async with httpx.AsyncClient() as job:
        assert (await job.put(put, content=b"heard")).status_code == 200
        assert (await job.get(get)).content == b"heard"
    assert await operator_storage.read_note(key) == b"heard"


async def test_a_token_for_somebody_else_is_no_credential_and_is_not_told(
    issuer: TokenIssuer,
    token_file: Path,
    operator_storage: MinioObjectStorage,
    api_storage: ApiObjectStorage,
) -> None:
    token = issuer.issue(audience="somebody-else", subject="system:serviceaccount:other:other")
    token_file.write_text(token)

    with pytest.raises(StorageUnavailable) as refusal:
        await operator_storage.measure_url_lifetime()
    with pytest.raises(ApiStorageUnavailable) as refusal_of_api:
        await api_storage.read("newsroom/a", largest_bytes=10)
    assert not await api_storage.is_ready()

    for each in (refusal.value, refusal_of_api.value):
        assert "there are no credentials of this pod's identity" in str(each)
        assert token not in str(each)


async def test_an_agent_on_the_node_gives_credentials_for_the_pods_token(
    store: MinioServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    end = datetime.now(UTC) + timedelta(minutes=20)
    answer = {
        "AccessKeyId": store.access_key,
        "SecretAccessKey": store.secret_key,
        "Token": "",
        "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    agent = ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    Thread(target=agent.serve_forever, daemon=True).start()
    token = tmp_path / "token"
    token.write_text("the pod's")
    address = f"http://127.0.0.1:{agent.server_port}/v1/credentials"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(token))
    settings = settings_of(store) | {"s3_token_service": None}
    storage = MinioObjectStorage.connect(
        make_settings(s3_endpoint=f"http://{store.endpoint}", **settings)
    )

    lifetime = await storage.measure_url_lifetime()
    await storage.write_note("newsroom/note", b"kept")

    agent.shutdown()
    agent.server_close()
    assert asked == ["the pod's"]
    assert timedelta(minutes=19) < lifetime <= timedelta(minutes=20)
    assert await storage.read_note("newsroom/note") == b"kept"
