"""Bytes onto the disk, in threads, so that a name only ever stands for a whole file."""

import errno
import os
from collections.abc import AsyncIterator, Callable
from io import RawIOBase
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from waas_api.errors import ObjectNotFound, StorageFull, StorageUnavailable
from waas_job.storage.file_transport import sync_directory
from waas_standalone.errors import UnusableKey
from waas_standalone.object_paths import object_path

Result = TypeVar("Result")

PIECE_BYTES = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def path_of(root: Path, key: str) -> Path:
    """Return the file of an object, or raise ObjectNotFound where there can be none."""
    try:
        return object_path(root, key)
    except UnusableKey as error:
        raise ObjectNotFound(str(error)) from error


async def write_all(file: RawIOBase, body: AsyncIterator[bytes]) -> int:
    """Write a body at the file's position and return its length; what it raises comes through."""
    piece = bytearray()
    size = 0
    async for chunk in body:
        piece += chunk
        size += len(chunk)
        if len(piece) >= PIECE_BYTES:
            await _write(file, piece)
            piece = bytearray()
    await _write(file, piece)
    return size


async def _write(file: RawIOBase, piece: bytearray) -> None:
    def write() -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[file.write(rest) :]

    await run_on_disk(write)


def flush(file: RawIOBase) -> None:
    """Have the file's content on the disk."""
    os.fsync(file.fileno())


def publish(
    unfinished: Path,
    path: Path,
    root: Path,
    give_name: Callable[[Path, Path], object] = os.replace,
) -> None:
    """Give a file its name, and have that on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    give_name(unfinished, path)
    # The names on the way to it have to be on the disk as well.
    for folder in path.parents:
        sync_directory(folder)
        if folder == root:
            return


async def run_on_disk(work: Callable[[], Result]) -> Result:
    """Return what a blocking call returns; the disk's failures become ours."""
    try:
        return await anyio.to_thread.run_sync(work)
    except OSError as error:
        raise _translate(error) from error


def _translate(error: OSError) -> StorageUnavailable:
    if error.errno in _NO_ROOM:
        return StorageFull("the disk of the objects' folder is full")
    return StorageUnavailable(f"the objects' folder does not work: {error.strerror}")
