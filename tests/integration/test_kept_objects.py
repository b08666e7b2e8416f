"""What the api relies on wherever objects are kept: real S3 servers, or a folder."""

import asyncio
import hashlib
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.api_builders import chunked
from support.kept_objects import PART_BYTES, PLACES, in_folder, in_s3, s3_server
from waas_api.errors import ObjectNotFound, ObjectTooLarge, UploadCutOff, WrongOffset
from waas_api.storage import minio_object_storage
from waas_api.storage.growing_objects import GrowingObject
from waas_api.storage.multipart_uploads import cut_in_pieces
from waas_api.storage.object_storage import ObjectStorage

MEBIBYTE = 1024 * 1024


@dataclass
class Kept:
    """A store, and what makes another client of it: a process that starts anew."""

    storage: ObjectStorage
    again: Callable[[], ObjectStorage]
    prefix: str

    @property
    def key(self) -> str:
        return f"{self.prefix}job/audio/a.mp3"

    @property
    def new_key(self) -> str:
        return f"{self.prefix}other/audio/a.mp3"

    @property
    def notes(self) -> str:
        return f"{self.prefix}_uploads/job/"

    async def begin(self) -> GrowingObject:
        return await self.storage.begin(self.key, self.notes)

    async def read(self, key: str) -> bytes:
        return await self.storage.read(key, largest_bytes=64 * MEBIBYTE)


@pytest.fixture(params=PLACES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    prefix = f"objects-{secrets.token_hex(6)}/"
    if request.param == "folder":
        yield Kept(in_folder(tmp_path), lambda: in_folder(tmp_path), prefix)
        return
    server = s3_server(request)
    with in_s3(server) as storage, in_s3(server) as other:
        yield Kept(storage, lambda: other, prefix)


async def test_a_body_becomes_an_object(kept: Kept) -> None:
    assert await kept.storage.store(kept.key, chunked(b"so", b"und")) == 5

    assert await kept.read(kept.key) == b"sound"


async def test_a_small_object_is_written_and_written_over(kept: Kept) -> None:
    for content in (b"first", b"second"):
        await kept.storage.write(f"{kept.prefix}a.json", content)

    assert await kept.read(f"{kept.prefix}a.json") == b"second"


async def test_too_much_to_be_held_is_not_read(kept: Kept) -> None:
    await kept.storage.write(f"{kept.prefix}a.json", b"12345")

    with pytest.raises(ObjectTooLarge):
        await kept.storage.read(f"{kept.prefix}a.json", largest_bytes=4)


async def test_what_is_not_there_is_not_found(kept: Kept) -> None:
    with pytest.raises(ObjectNotFound):
        await kept.read(f"{kept.prefix}none")


async def test_all_below_a_prefix_are_listed(kept: Kept) -> None:
    assert await kept.storage.list_keys(kept.prefix) == []
    keys = {f"{kept.prefix}{name}" for name in ("a/b/c", "a/d", "e")}
    for key in keys:
        await kept.storage.write(key, b"x")

    assert set(await kept.storage.list_keys(kept.prefix)) == keys
    assert set(await kept.storage.list_keys(f"{kept.prefix}a/")) == keys - {f"{kept.prefix}e"}


async def test_what_is_discarded_is_gone_and_nothing_beside_it(kept: Kept) -> None:
    for key in ("a/b", "a/c", "ab"):
        await kept.storage.write(f"{kept.prefix}{key}", b"x")

    for _ in range(2):
        await kept.storage.discard(f"{kept.prefix}a/b")
    assert set(await kept.storage.list_keys(kept.prefix)) == {
        f"{kept.prefix}a/c",
        f"{kept.prefix}ab",
    }
    for _ in range(2):
        await kept.storage.discard_all(f"{kept.prefix}a/")
    assert await kept.storage.list_keys(kept.prefix) == [f"{kept.prefix}ab"]


CUTS = [
    ("one small piece", [1000]),
    ("bytes that come one by one", [1, 1, 1]),
    ("just a part", [PART_BYTES]),
    ("a part and a byte", [PART_BYTES, 1]),
    ("pieces smaller than a part", [2 * MEBIBYTE, 3 * MEBIBYTE + 5, MEBIBYTE]),
    ("pieces larger than parts", [12 * MEBIBYTE + 7, 6 * MEBIBYTE]),
]


@pytest.mark.parametrize("sizes", [pytest.param(sizes, id=name) for name, sizes in CUTS])
async def test_an_object_grows_by_pieces_that_different_processes_take(
    kept: Kept, sizes: list[int]
) -> None:
    content = random.Random(1).randbytes(sum(sizes))
    growing = await kept.begin()
    storages = [kept.storage, kept.again()]

    length = 0
    for number, size in enumerate(sizes):
        storage = storages[number % 2]
        assert await storage.measure(growing) == length
        piece = content[length : length + size]
        length = await storage.append(growing, length, chunked(piece[:700], piece[700:]))
    for storage in storages:
        await storage.finish(growing)
        assert await storage.measure(growing) == len(content)

    stored = await kept.read(kept.key)
    assert hashlib.sha256(stored).digest() == hashlib.sha256(content).digest()


async def test_a_growing_object_is_none_before_it_is_whole(kept: Kept) -> None:
    growing = await kept.begin()
    await kept.storage.append(growing, 0, chunked(b"sound"))

    with pytest.raises(ObjectNotFound):
        await kept.read(kept.key)


@pytest.mark.parametrize("offset", [0, 4, 6])
async def test_a_piece_goes_nowhere_but_to_the_end(kept: Kept, offset: int) -> None:
    growing = await kept.begin()
    await kept.storage.append(growing, 0, chunked(b"sound"))

    with pytest.raises(WrongOffset) as caught:
        await kept.storage.append(growing, offset, chunked(b"x"))

    assert caught.value.length == 5
    assert await kept.storage.measure(growing) == 5


@pytest.mark.parametrize("size", [1 * MEBIBYTE, 7 * MEBIBYTE])
async def test_what_came_before_a_cut_is_kept(kept: Kept, size: int) -> None:
    content = random.Random(2).randbytes(size)
    growing = await kept.begin()

    async def broken() -> AsyncIterator[bytes]:
        for start in range(0, size, MEBIBYTE):
            yield content[start : start + MEBIBYTE]
        raise UploadCutOff("cut off")

    with pytest.raises(UploadCutOff):
        await kept.storage.append(growing, 0, broken())

    length = await kept.again().measure(growing)
    # A folder loses less than a piece of what it writes.
    assert size - MEBIBYTE <= length <= size
    await kept.again().append(growing, length, chunked(content[length:], b"end"))
    await kept.storage.finish(growing)
    assert await kept.read(kept.key) == content + b"end"


async def test_a_cancelled_piece_keeps_what_came(kept: Kept) -> None:
    growing = await kept.begin()
    has_begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * (6 * MEBIBYTE)
        has_begun.set()
        await asyncio.Event().wait()

    appending = asyncio.create_task(kept.storage.append(growing, 0, endless()))
    await has_begun.wait()
    appending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await appending

    assert await kept.storage.measure(growing) == 6 * MEBIBYTE


async def test_what_is_discarded_grows_no_more(kept: Kept) -> None:
    growing = await kept.begin()
    await kept.storage.append(growing, 0, chunked(b"x" * (6 * MEBIBYTE)))

    await kept.storage.discard(growing.key)
    await kept.storage.discard_all(growing.notes_prefix)

    with pytest.raises(ObjectNotFound):
        await kept.storage.measure(growing)
    with pytest.raises(ObjectNotFound):
        await kept.storage.append(growing, 0, chunked(b"x"))
    with pytest.raises(ObjectNotFound):
        await kept.storage.finish(growing)
    assert await kept.storage.list_keys(kept.prefix) == []


async def test_little_is_left_beside_a_whole_object(kept: Kept) -> None:
    growing = await kept.begin()
    length = 0
    for _ in range(4):
        length = await kept.storage.append(growing, length, chunked(b"x" * (3 * MEBIBYTE)))
    await kept.storage.finish(growing)

    assert await kept.storage.list_keys(kept.prefix) == [kept.key]


async def test_two_that_write_the_same_piece_at_once_write_it_once(kept: Kept) -> None:
    content = random.Random(3).randbytes(11 * MEBIBYTE)
    growing = await kept.begin()
    if type(kept.storage).__name__ == "FolderObjectStorage":
        pytest.skip("a folder has one process, which lets in one at a time")

    await asyncio.gather(
        *(
            storage.append(growing, 0, chunked(content[:MEBIBYTE], content[MEBIBYTE:]))
            for storage in (kept.storage, kept.again())
        )
    )

    assert await kept.storage.measure(growing) == len(content)
    await asyncio.gather(kept.storage.finish(growing), kept.again().finish(growing))
    assert await kept.read(kept.key) == content


async def test_whoever_keeps_them_says_that_it_can(kept: Kept) -> None:
    assert await kept.storage.is_ready()


@pytest.mark.parametrize("has_predecessor", [False, True])
async def test_an_object_moves_whole(kept: Kept, has_predecessor: bool) -> None:
    old, new = kept.key, kept.new_key
    await kept.storage.store(old, chunked(b"so", b"und"))
    if has_predecessor:
        await kept.storage.store(new, chunked(b"noise"))

    await kept.storage.move(old, new)

    assert await kept.storage.read(new, largest_bytes=100) == b"sound"
    with pytest.raises(ObjectNotFound):
        await kept.storage.read(old, largest_bytes=100)


async def test_a_large_object_moves_in_pieces(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of S3's smallest size, for the real one would take minutes.
    monkeypatch.setattr(minio_object_storage, "_COPY_BYTES", 5 * MEBIBYTE)
    content = secrets.token_bytes(11 * MEBIBYTE + 17)
    old, new = kept.key, kept.new_key
    await kept.storage.store(old, chunked(content))

    await kept.storage.move(old, new)

    assert await kept.storage.read(new, largest_bytes=len(content)) == content
    with pytest.raises(ObjectNotFound):
        await kept.storage.read(old, largest_bytes=100)


async def test_what_is_not_there_does_not_move(kept: Kept) -> None:
    new = kept.new_key

    with pytest.raises(ObjectNotFound):
        await kept.storage.move(kept.key, new)

    with pytest.raises(ObjectNotFound):
        await kept.storage.read(new, largest_bytes=100)


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
    storage = in_folder(tmp_path)
    await storage.store("a/b/audio/audio", chunked(b"x"))
    await storage.store("a/d/audio/audio", chunked(b"x"))

    await storage.move("a/b/audio/audio", "a/c/audio/e")
    await storage.discard("a/d/audio/audio")

    folders = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_dir()}
    assert folders == {"objects", "unfinished", "objects/a", "objects/a/c", "objects/a/c/audio"}
