"""The places where objects are kept: a real MinIO, and a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.minio_server import MinioServer
from support.service import BUCKET
from waas_api.object_storage import MinioObjectStorage, ObjectStorage
from waas_api.signed_requests import Bucket
from waas_standalone.object_folder import FolderObjectStorage

PART_BYTES = 5 * 1024 * 1024


@contextmanager
def in_minio(server: MinioServer) -> Iterator[ObjectStorage]:
    """Give the adapter that the api has in a cluster."""
    bucket = Bucket(
        endpoint=f"http://{server.endpoint}",
        name=BUCKET,
        region="us-east-1",
        access_key=server.access_key,
        secret_key=server.secret_key,
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
