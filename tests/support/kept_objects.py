"""The places where objects are kept: two real S3 servers, and a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from minio.credentials.providers import StaticProvider

from support.service import BUCKET
from waas_api.storage.minio_object_storage import MinioObjectStorage
from waas_api.storage.object_storage import ObjectStorage
from waas_api.storage.signed_requests import Bucket
from waas_standalone.object_folder import FolderObjectStorage

PART_BYTES = 5 * 1024 * 1024


PLACES = [
    pytest.param("minio", marks=pytest.mark.integration),
    pytest.param("seaweedfs", marks=pytest.mark.integration),
    "folder",
]
"""What a fixture is parametrized with."""


class S3Server(Protocol):
    """A server with the service's bucket."""

    @property
    def endpoint(self) -> str: ...
    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...


def s3_server(request: pytest.FixtureRequest) -> S3Server:
    """Return the server that a test is parametrized with."""
    if request.param == "minio":
        request.getfixturevalue("object_store")  # makes the bucket
    server: S3Server = request.getfixturevalue(f"{request.param}_server")
    return server


@contextmanager
def in_s3(server: S3Server) -> Iterator[ObjectStorage]:
    """Give the adapter that the api has in a cluster."""
    bucket = Bucket(
        endpoint=f"http://{server.endpoint}",
        name=BUCKET,
        region="us-east-1",
        credentials=StaticProvider(server.access_key, server.secret_key),
    )
    storage = MinioObjectStorage(bucket, part_bytes=PART_BYTES, uploads_at_once=2)
    try:
        yield storage
    finally:
        storage.close()


def in_folder(folder: Path) -> ObjectStorage:
    """Give the adapter that the api has on one machine."""
    unfinished = folder / "unfinished"
    unfinished.mkdir(parents=True, exist_ok=True)
    (folder / "objects").mkdir(exist_ok=True)
    return FolderObjectStorage(folder / "objects", unfinished)
