"""Objects that are files in one folder, for the api and for the reconcile.

A file gets its name once all of it is on the disk, so that there is never half an object. The job
program writes into the same folder by the same rule (`waas_job.storage.file_transport`).
"""

import math
import os
import shutil
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal
from uuid import uuid4

import anyio
import anyio.to_thread

from waas_api.errors import (
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageUnavailable,
)
from waas_api.storage.object_storage import StoredObject
from waas_contract.manifest import LARGEST_NOTE_BYTES
from waas_contract.object_keys import require_whole_prefix
from waas_operator import errors as operator_errors
from waas_standalone.errors import UnusableKey
from waas_standalone.folder_files import (
    PIECE_BYTES,
    flush,
    path_of,
    publish,
    run_on_disk,
    write_all,
)
from waas_standalone.growing_files import GrowingFiles
from waas_standalone.object_paths import object_path

_REMOVERS = 2
_AS_GOOD_AS_EVER = timedelta(days=7)


class FolderObjectStorage(GrowingFiles):
    """What the api needs of a bucket."""

    def __init__(self, root: Path, unfinished: Path) -> None:
        """Take the folder of the objects and, on the same disk, one for those not finished."""
        self._root = root
        self._unfinished = unfinished

    async def store(self, key: str, body: AsyncIterator[bytes]) -> int:
        """Store a body under a key and return its length; what the body raises comes through."""
        path = await run_on_disk(lambda: path_of(self._root, key))
        unfinished = self._unfinished / uuid4().hex
        try:
            # Without a buffer, whose rest would be written at the close, past all that handles it.
            with await run_on_disk(lambda: unfinished.open("xb", buffering=0)) as file:
                size = await write_all(file, body)
                await run_on_disk(lambda: flush(file))
            await run_on_disk(lambda: publish(unfinished, path, self._root))
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    async def read(self, key: str, *, largest_bytes: int) -> bytes:
        """Return an object, or raise ObjectNotFound or ObjectTooLarge."""
        content = await run_on_disk(lambda: _read(path_of(self._root, key), largest_bytes + 1))
        if content is None:
            raise ObjectNotFound(f"there is no such object: {key}")
        if len(content) > largest_bytes:
            raise ObjectTooLarge(f"{key} is larger than {largest_bytes} bytes")
        return content

    async def write(self, key: str, content: bytes) -> None:
        """Store a small object, in place of one that is there."""

        async def body() -> AsyncIterator[bytes]:
            yield content

        await self.store(key, body())

    async def list_keys(self, prefix: str) -> list[str]:
        """Return the keys of all objects below a prefix that ends with "/"."""
        folder = path_of(self._root, prefix.removesuffix("/"))
        return await run_on_disk(
            lambda: [
                each.relative_to(self._root).as_posix()
                for each in folder.rglob("*")
                if each.is_file()
            ]
        )

    async def move(self, key: str, new_key: str) -> None:
        """Rename a file, or raise ObjectNotFound."""

        def move() -> None:
            path, new_path = path_of(self._root, key), path_of(self._root, new_key)
            if not path.is_file():
                raise ObjectNotFound(f"there is no such object: {key}")
            publish(path, new_path, self._root)
            _remove_empty_folders(path, self._root)

        await run_on_disk(move)

    async def store_new(self, key: str, content: bytes) -> None:
        """Store an object whole, or raise ObjectExists where one is under that key already."""
        path = path_of(self._root, key)
        unfinished = self._unfinished / uuid4().hex

        def store() -> None:
            try:
                with unfinished.open("xb", buffering=0) as file:
                    file.write(content)
                    os.fsync(file.fileno())
                # Unlike a renaming, a link takes no name that is taken.
                publish(unfinished, path, self._root, give_name=os.link)
            except FileExistsError:
                raise ObjectExists(f"there is an object already: {key}") from None
            finally:
                unfinished.unlink(missing_ok=True)

        await run_on_disk(store)

    async def copy(self, key: str, target: str) -> None:
        """Have an object under another key as well: objects do not change, so a link will do."""
        source, path = path_of(self._root, key), path_of(self._root, target)

        def copy() -> None:
            path.unlink(missing_ok=True)
            try:
                publish(source, path, self._root, give_name=os.link)
            except FileNotFoundError:
                raise ObjectNotFound(f"there is no such object: {key}") from None

        await run_on_disk(copy)

    async def look_at(self, key: str) -> StoredObject:
        """Return size and time of the file."""
        path = path_of(self._root, key)

        def look() -> StoredObject:
            try:
                found = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                raise ObjectNotFound(f"there is no such object: {key}") from None
            return StoredObject(found.st_size, f"{found.st_ino:x}-{found.st_mtime_ns:x}")

        return await run_on_disk(look)

    async def read_range(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        """Give some bytes of an object, piece by piece, or raise ObjectNotFound."""
        path = path_of(self._root, key)
        try:
            file = await run_on_disk(lambda: path.open("rb"))
        except StorageUnavailable as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise ObjectNotFound(f"there is no such object: {key}") from error
            raise
        with file:
            await run_on_disk(lambda: file.seek(first))
            sizes = (min(PIECE_BYTES, length - done) for done in range(0, length, PIECE_BYTES))
            for size in sizes:
                yield await run_on_disk(partial(file.read, size))

    async def discard(self, key: str) -> None:
        """Remove the object; nothing there is fine."""

        def discard() -> None:
            path = path_of(self._root, key)
            path.unlink(missing_ok=True)
            _remove_empty_folders(path, self._root)

        await run_on_disk(discard)

    async def discard_all(self, prefix: str, *, until: float = math.inf) -> None:
        """Remove everything below a prefix that ends with "/"; nothing there is fine."""
        # A disk is asked once, and the records on it wait for nobody else's lease.
        if time.monotonic() >= until:
            raise StorageUnavailable("the disk removes too slowly")
        await run_on_disk(lambda: _remove_below(self._root, prefix))

    async def is_ready(self) -> bool:
        """Tell whether the folder can be written to."""
        return await anyio.to_thread.run_sync(
            lambda: all(os.access(each, os.W_OK) for each in (self._root, self._unfinished))
        )


class FolderNotes:
    """What the reconcile needs of the object store."""

    def __init__(self, root: Path, unfinished: Path) -> None:
        self._root = root
        self._unfinished = unfinished
        # Of their own: what reads for live work never waits for a thread that removes.
        self._removers = anyio.CapacityLimiter(_REMOVERS)

    async def read_note(self, key: str) -> bytes | None:
        """Return a small object whole, or None where there is none."""
        try:
            path = object_path(self._root, key)
            return await anyio.to_thread.run_sync(_read, path, LARGEST_NOTE_BYTES)
        except UnusableKey:
            return None
        except OSError as error:
            raise operator_errors.StorageUnavailable(f"reading {key}: {error.strerror}") from error

    async def write_note(self, key: str, content: bytes) -> None:
        """Create or replace a small object."""

        def write() -> None:
            unfinished = self._unfinished / uuid4().hex
            try:
                with unfinished.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                publish(unfinished, object_path(self._root, key), self._root)
            finally:
                unfinished.unlink(missing_ok=True)

        try:
            await anyio.to_thread.run_sync(write)
        except (OSError, UnusableKey) as error:
            raise operator_errors.StorageUnavailable(f"writing {key}: {error}") from error

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

    async def measure_url_lifetime(self) -> timedelta:
        """Return a time that no job takes: addresses of files do not end."""
        return _AS_GOOD_AS_EVER

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
    require_whole_prefix(prefix)
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
