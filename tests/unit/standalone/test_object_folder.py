import errno
import math
import os
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from support.api_builders import chunked
from waas_api.errors import ObjectNotFound, ObjectTooLarge, StorageFull
from waas_operator.errors import Refused
from waas_operator.errors import StorageUnavailable as StorageAway
from waas_standalone import object_folder
from waas_standalone.errors import UnusableKey
from waas_standalone.object_folder import FolderNotes, FolderObjectStorage
from waas_standalone.object_paths import object_path

KEY = "default/a/audio/clip.flac"

BAD_KEYS = ["", "/", "/etc/passwd", "a//b", "a/../../b", "a/./b", "a/", ".a/b", "a/.b.part", "a\0b"]


@pytest.fixture
def storage(tmp_path: Path) -> FolderObjectStorage:
    for name in ("objects", "unfinished"):
        (tmp_path / name).mkdir()
    return FolderObjectStorage(tmp_path / "objects", tmp_path / "unfinished")


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("key", BAD_KEYS)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(UnusableKey):
        object_path(tmp_path, key)


async def test_an_object_is_stored_whole_and_read_back(
    storage: FolderObjectStorage, tmp_path: Path
) -> None:
    assert await storage.store(KEY, chunked(b"a" * 700_000, b"b" * 700_000)) == 1_400_000

    assert await storage.read(KEY, largest_bytes=2_000_000) == b"a" * 700_000 + b"b" * 700_000
    assert files_in(tmp_path) == [f"objects/{KEY}"]


async def test_a_body_that_breaks_off_leaves_nothing(
    storage: FolderObjectStorage, tmp_path: Path
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half of it"
        assert files_in(tmp_path / "objects") == []
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await storage.store(KEY, broken())

    assert files_in(tmp_path) == []


async def test_what_is_not_there_is_not_found(storage: FolderObjectStorage) -> None:
    for key in (KEY, "../secret"):
        with pytest.raises(ObjectNotFound):
            await storage.read(key, largest_bytes=10)


async def test_too_large_an_object_is_not_read(storage: FolderObjectStorage) -> None:
    await storage.store(KEY, chunked(b"12345"))

    with pytest.raises(ObjectTooLarge):
        await storage.read(KEY, largest_bytes=4)
    assert await storage.read(KEY, largest_bytes=5) == b"12345"


async def test_discarding_takes_what_is_meant_and_nothing_else(
    storage: FolderObjectStorage, tmp_path: Path
) -> None:
    for key in (KEY, "default/a/manifest.json", "default/ab/manifest.json"):
        await storage.store(key, chunked(b"x"))

    await storage.discard(KEY)
    await storage.discard(KEY)
    assert files_in(tmp_path / "objects") == ["default/a/manifest.json", "default/ab/manifest.json"]
    for _ in range(2):
        await storage.discard_all("default/a/")
    assert files_in(tmp_path / "objects") == ["default/ab/manifest.json"]


async def test_the_reconcile_clears_up_below_its_prefix_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("default/a/audio/clip.flac", "default/a/manifest.json", "default/ab/manifest.json"):
        object_path(tmp_path, key).parent.mkdir(parents=True, exist_ok=True)
        object_path(tmp_path, key).touch()
    notes = FolderNotes(tmp_path, tmp_path)
    for _ in range(2):
        await notes.discard_all("default/a/", until=math.inf)
    assert files_in(tmp_path) == ["default/ab/manifest.json"]

    def fail(_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("shutil.rmtree", fail)
    with pytest.raises(StorageAway, match="removing default/ab/: Input/output error"):
        await notes.discard_all("default/ab/", until=math.inf)


@pytest.mark.parametrize("prefix", ["", "/", "default"])
async def test_a_prefix_that_could_be_others_is_refused(
    storage: FolderObjectStorage, prefix: str
) -> None:
    with pytest.raises(ValueError, match="part of others' keys"):
        await storage.discard_all(prefix)


async def test_a_full_disk_is_told(
    storage: FolderObjectStorage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(object_folder, "flush", fail)

    with pytest.raises(StorageFull):
        await storage.store(KEY, chunked(b"x"))
    assert files_in(tmp_path) == []


async def test_a_disk_that_fills_up_is_told_also_for_a_small_body(
    storage: FolderObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = Path.open
    full = Path("/dev/full")
    monkeypatch.setattr(Path, "open", lambda *_, **options: real_open(full, "wb", **options))

    with pytest.raises(StorageFull):
        await storage.store(KEY, chunked(b"less than a buffer"))


async def test_a_write_that_takes_only_a_part_is_gone_on_with(
    storage: FolderObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hesitant(FileIO):
        def write(self, piece: Any) -> int:
            return super().write(piece[:3])

    monkeypatch.setattr(Path, "open", lambda path, *_, **__: Hesitant(path, "xb"))
    await storage.store(KEY, chunked(b"0123456789"))
    monkeypatch.undo()

    assert await storage.read(KEY, largest_bytes=100) == b"0123456789"


async def test_readiness_needs_the_folder(storage: FolderObjectStorage, tmp_path: Path) -> None:
    assert await storage.is_ready()
    (tmp_path / "unfinished").rmdir()
    assert not await storage.is_ready()


async def test_notes_and_addresses(tmp_path: Path) -> None:
    notes = FolderNotes(tmp_path, tmp_path)
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "note.json").write_bytes(b"{}")

    assert await notes.read_note("default/note.json") == b"{}"
    assert await notes.read_note("default/none.json") is None
    assert await notes.read_note("default/../none.json") is None
    await notes.write_note("default/note.json", b"[1]")
    await notes.write_note("default/new/note.json", b"{}")
    assert await notes.read_note("default/note.json") == b"[1]"
    assert files_in(tmp_path) == ["default/new/note.json", "default/note.json"]
    with pytest.raises(StorageAway, match=r"writing default/\.\./up\.json"):
        await notes.write_note("default/../up.json", b"")
    assert notes.measure("default/note.json") == 3
    assert notes.measure("default/none.json") == 0
    assert notes.sign("PUT", None, "default/a b") == (tmp_path / "default/a b").as_uri()
    with pytest.raises(Refused):
        notes.sign("GET", None, "default/../../etc/passwd")
