"""Growing objects in a folder: a file that is appended to, and gets its name once it is whole."""

import os
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path

from waas_api.errors import ObjectNotFound, WrongOffset
from waas_api.storage.growing_objects import GrowingObject
from waas_standalone.folder_files import (
    flush,
    path_of,
    publish,
    run_on_disk,
    write_all,
)

_FILE = "data"


class GrowingFiles:
    """What the api needs of a store for objects that arrive in pieces."""

    _root: Path

    async def begin(self, key: str, notes_prefix: str) -> GrowingObject:
        """Make an empty file."""
        growing = GrowingObject(key, notes_prefix, _FILE)

        def begin() -> None:
            path = self._data_of(growing)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

        await run_on_disk(begin)
        return growing

    async def measure(self, growing: GrowingObject) -> int:
        """Return the file's length, or that of the object that it became."""
        return await run_on_disk(lambda: self._measure(growing))

    def _measure(self, growing: GrowingObject) -> int:
        for path in (self._data_of(growing), path_of(self._root, growing.key)):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                continue
        raise ObjectNotFound(f"there is no such object: {growing.key}")

    async def append(self, growing: GrowingObject, offset: int, body: AsyncIterator[bytes]) -> int:
        """Add to the file; what a broken body left of its last piece is lost."""
        with await run_on_disk(lambda: self._open(growing)) as file:
            length = await run_on_disk(lambda: file.seek(0, os.SEEK_END))
            if length != offset:
                raise WrongOffset(length)
            try:
                added = await write_all(file, body)
            finally:
                await run_on_disk(lambda: flush(file))
        return length + added

    def _open(self, growing: GrowingObject) -> FileIO:
        try:
            # Without a buffer, whose rest would be written at the close.
            return self._data_of(growing).open("r+b", buffering=0)
        except FileNotFoundError as error:
            raise ObjectNotFound(f"there is no such object: {growing.key}") from error

    async def finish(self, growing: GrowingObject) -> None:
        """Give the file its name; one that has it already keeps it."""

        def finish() -> None:
            try:
                publish(self._data_of(growing), path_of(self._root, growing.key), self._root)
            except FileNotFoundError:
                self._measure(growing)

        await run_on_disk(finish)

    def _data_of(self, growing: GrowingObject) -> Path:
        return path_of(self._root, f"{growing.notes_prefix}{_FILE}")
