"""Objects that are files in one folder, for the api and for the reconcile.

A file gets its name once all of it is on the disk, so that there is never half an object. The job
program writes into the same folder by the same rule (`waas_job.storage.file_transport`).
"""

import errno
import os
import shutil
from collections.abc import AsyncIterator, Callable
from io import RawIOBase
from pathlib import Path
from typing import Literal, TypeVar
from uuid import uuid4

import anyio
import anyio.to_thread

from waas_api.errors import ObjectNotFound, ObjectTooLarge, StorageFull, StorageUnavailable
from waas_job.storage.file_transport import sync_directory
from waas_operator import errors as operator_errors
from waas_standalone.errors import UnusableKey
from waas_standalone.object_paths import object_path

Result = TypeVar("Result")

LARGEST_NOTE = 1 << 20
"""Bytes of the largest manifest or progress note that is read."""

_PIECE_BYTES = 1 << 20
_REMOVERS = 2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class FolderObjectStorage:
    """What the api needs of a bucket."""

    def __init__(self, root: Path, unfinished: Path) -> None:
        """Take the folder of the objects and, on the same disk, one for those not finished."""
        self._root = root
        self._unfinished = unfinished

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body under a key and return its length; what the body raises comes through."""
        path = await _run(lambda: self._path(key))
        unfinished = self._unfinished / uuid4().hex
        try:
            # Without a buffer, whose rest would be written at the close, past all that handles it.
            with await _run(lambda: unfinished.open("xb", buffering=0)) as file:
                size = await _write_all(file, body)
                await _run(lambda: _flush(file))
            await _run(lambda: _publish(unfinished, path, self._root))
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        """Return an object, or raise ObjectNotFound or ObjectTooLarge."""
        content = await _run(lambda: _read(self._path(key), largest_bytes + 1))
        if content is None:
            raise ObjectNotFound(f"there is no such object: {key}")
        if len(content) > largest_bytes:
            raise ObjectTooLarge(f"{key} is larger than {largest_bytes} bytes")
        return content

    async def move(self, key: str, new_key: str) -> None:
        """Rename a file, or raise ObjectNotFound."""

        def move() -> None:
            path, new_path = self._path(key), self._path(new_key)
            if not path.is_file():
                raise ObjectNotFound(f"there is no such object: {key}")
            _publish(path, new_path, self._root)
            _remove_empty_folders(path, self._root)

        await _run(move)

    async def discard(self, key: str) -> None:
        """Remove the object; nothing there is fine."""

        def discard() -> None:
            path = self._path(key)
            path.unlink(missing_ok=True)
            _remove_empty_folders(path, self._root)

        await _run(discard)

    async def discard_all(self, prefix: str) -> None:
        """Remove everything below a prefix that ends with "/"; nothing there is fine."""
        await _run(lambda: _remove_below(self._root, prefix))

    async def is_ready(self) -> bool:
        """Tell whether the folder can be written to."""
        return await anyio.to_thread.run_sync(
            lambda: all(os.access(each, os.W_OK) for each in (self._root, self._unfinished))
        )

    def _path(self, key: str) -> Path:
        try:
            return object_path(self._root, key)
        except UnusableKey as error:
            raise ObjectNotFound(str(error)) from error


class FolderNotes:
    """What the reconcile needs of the object store."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # Of their own: what reads for live work never waits for a thread that removes.
        self._removers = anyio.CapacityLimiter(_REMOVERS)

    async def read_note(self, key: str) -> bytes | None:
        """Return a small object whole, or None where there is none."""
        try:
            path = object_path(self._root, key)
            return await anyio.to_thread.run_sync(_read, path, LARGEST_NOTE)
        except UnusableKey:
            return None
        except OSError as error:
            raise operator_errors.StorageUnavailable(f"reading {key}: {error.strerror}") from error

    async def discard_all(self, prefix: str, *, until: float) -> None:  # noqa: ARG002
        """Remove every object below a prefix that ends with "/"; nothing there is fine.

        A folder goes in a moment, in the process that nobody has a second one of.
        """
        try:
            await anyio.to_thread.run_sync(
                _remove_below, self._root, prefix, limiter=self._removers
            )
        except OSError as error:
            raise operator_errors.StorageUnavailable(
                f"removing {prefix}: {error.strerror}"
            ) from error

    def sign(self, method: Literal["GET", "PUT"], bucket: str | None, key: str) -> str:  # noqa: ARG002
        """Return the URL of a file: on this machine, who may reach the file needs no signature."""
        try:
            return object_path(self._root, key).as_uri()
        except UnusableKey as error:
            raise operator_errors.Refused(str(error)) from error

    def measure(self, key: str) -> int:
        """Return the length of an object; 0 where there is none."""
        try:
            return object_path(self._root, key).stat().st_size
        except (UnusableKey, OSError):
            return 0


async def _write_all(file: RawIOBase, body: AsyncIterator[bytes]) -> int:
    piece = bytearray()
    size = 0
    async for chunk in body:
        piece += chunk
        size += len(chunk)
        if len(piece) >= _PIECE_BYTES:
            await _write(file, piece)
            piece = bytearray()
    await _write(file, piece)
    return size


async def _write(file: RawIOBase, piece: bytearray) -> None:
    def write() -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[file.write(rest) :]

    await _run(write)


def _flush(file: RawIOBase) -> None:
    os.fsync(file.fileno())


def _publish(unfinished: Path, path: Path, root: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.replace(path)
    # The names on the way to it have to be on the disk as well.
    for folder in path.parents:
        sync_directory(folder)
        if folder == root:
            return


def _remove_empty_folders(path: Path, root: Path) -> None:
    """Remove the folders on the way to a file, below its tenant's, that it leaves empty."""
    for folder in path.parents:
        if root in (folder, folder.parent):
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _read(path: Path, most_bytes: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _remove_below(root: Path, prefix: str) -> None:
    if not prefix.endswith("/") or not prefix.strip("/"):
        raise ValueError(f"{prefix!r} could be a part of others' keys")
    try:
        path = object_path(root, prefix.removesuffix("/"))
    except UnusableKey:
        # What cannot be there need not go.
        return
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        path.unlink(missing_ok=True)


async def _run(work: Callable[[], Result]) -> Result:
    try:
        return await anyio.to_thread.run_sync(work)
    except OSError as error:
        raise _translate(error) from error


def _translate(error: OSError) -> StorageUnavailable:
    if error.errno in _NO_ROOM:
        return StorageFull("the disk of the objects' folder is full")
    return StorageUnavailable(f"the objects' folder does not work: {error.strerror}")
