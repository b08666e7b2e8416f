"""What the api relies on wherever recordings are kept: a MinIO, or a folder."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.minio_server import MinioServer
from support.api_builders import chunked
from support.service import BUCKET
from waas_api import object_storage
from waas_api.errors import ObjectNotFound
from waas_api.object_storage import Bucket, MinioObjectStorage, ObjectStorage, cut_in_pieces
from waas_standalone.object_folder import FolderObjectStorage

MEBIBYTE = 1024 * 1024


@pytest.fixture(params=[pytest.param("minio", marks=pytest.mark.integration), "folder"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStorage]:
    if request.param == "folder":
        for name in ("objects", "unfinished"):
            (tmp_path / name).mkdir()
        yield FolderObjectStorage(tmp_path / "objects", tmp_path / "unfinished")
        return
    request.getfixturevalue("object_store")
    server: MinioServer = request.getfixturevalue("minio_server")
    bucket = Bucket(
        endpoint=f"http://{server.endpoint}",
        name=BUCKET,
        region="us-east-1",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    in_bucket = MinioObjectStorage(bucket, part_bytes=5 * MEBIBYTE, uploads_at_once=1)
    yield in_bucket
    in_bucket.close()


def new_key() -> str:
    return f"moves/{secrets.token_hex(8)}/audio/audio"


@pytest.mark.parametrize("has_predecessor", [False, True])
async def test_an_object_moves_whole(storage: ObjectStorage, has_predecessor: bool) -> None:
    old, new = new_key(), new_key()
    await storage.store(old, chunked(b"so", b"und"))
    if has_predecessor:
        await storage.store(new, chunked(b"noise"))

    await storage.move(old, new)

    assert await storage.read(new, largest_bytes=100) == b"sound"
    with pytest.raises(ObjectNotFound):
        await storage.read(old, largest_bytes=100)


async def test_a_large_object_moves_in_pieces(
    storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of S3's smallest size, for the real one would take minutes.
    monkeypatch.setattr(object_storage, "_COPY_BYTES", 5 * MEBIBYTE)
    content = secrets.token_bytes(11 * MEBIBYTE + 17)
    old, new = new_key(), new_key()
    await storage.store(old, chunked(content))

    await storage.move(old, new)

    assert await storage.read(new, largest_bytes=len(content)) == content
    with pytest.raises(ObjectNotFound):
        await storage.read(old, largest_bytes=100)


async def test_what_is_not_there_does_not_move(storage: ObjectStorage) -> None:
    new = new_key()

    with pytest.raises(ObjectNotFound):
        await storage.move(new_key(), new)

    with pytest.raises(ObjectNotFound):
        await storage.read(new, largest_bytes=100)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (10, [(0, 10)]),
        (20 * MEBIBYTE, [(0, 10 * MEBIBYTE), (10 * MEBIBYTE, 10 * MEBIBYTE)]),
        (11 * MEBIBYTE, [(0, 11 * MEBIBYTE)]),
        (16 * MEBIBYTE, [(0, 10 * MEBIBYTE), (10 * MEBIBYTE, 6 * MEBIBYTE)]),
        (21 * MEBIBYTE, [(0, 10 * MEBIBYTE), (10 * MEBIBYTE, 11 * MEBIBYTE)]),
    ],
)
def test_no_piece_is_too_small_for_s3(size: int, expected: list[tuple[int, int]]) -> None:
    assert cut_in_pieces(size, 10 * MEBIBYTE) == expected


async def test_a_folder_keeps_no_empty_folders_of_what_was_moved_or_removed(tmp_path: Path) -> None:
    for name in ("objects", "unfinished"):
        (tmp_path / name).mkdir()
    storage = FolderObjectStorage(tmp_path / "objects", tmp_path / "unfinished")
    await storage.store("a/b/audio/audio", chunked(b"x"))
    await storage.store("a/d/audio/audio", chunked(b"x"))

    await storage.move("a/b/audio/audio", "a/c/audio/e")
    await storage.discard("a/d/audio/audio")

    folders = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_dir()}
    assert folders == {"objects", "unfinished", "objects/a", "objects/a/c", "objects/a/c/audio"}
