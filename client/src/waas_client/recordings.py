"""A recording on its way out: read piece by piece, so that its length costs no memory."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from waas_client.errors import FileChanged, FileEmpty, FileUnreadable

_PIECE_BYTES = 256 * 1024
_LONGEST_FILE_NAME = 255  # what a server keeps

OnProgress = Callable[[int, int | None], None]
"""Told the bytes that were sent and the bytes in all, where that is known."""


def _ignore(_: int, __: int | None) -> None:
    pass


@dataclass(frozen=True)
class Recording:
    """What is sent, under which name."""

    open: Callable[[], BinaryIO]
    """Raises FileUnreadable."""

    file_name: str | None
    size: int | None
    """Its length in bytes; None where nobody knows until it has ended."""

    closes: bool = True
    """Whether the file is ours to close."""

    on_progress: OnProgress = _ignore

    def _open_at(self, offset: int) -> BinaryIO:
        file = self.open()
        if offset:
            file.seek(offset)
        return file

    def _read(self, file: BinaryIO, sent: int) -> bytes:
        """Return the next piece, never more in all than announced; less is a FileChanged."""
        try:
            piece = file.read(_PIECE_BYTES)
        except OSError as error:
            raise FileUnreadable(f"{self.file_name} cannot be read: {error.strerror}.") from error
        if self.size is None:
            return piece
        if not piece and sent < self.size:
            raise FileChanged(f"{self.file_name} became shorter while it was sent. Send it again.")
        return piece[: self.size - sent]

    def pieces(self, offset: int = 0) -> Generator[bytes, None, None]:
        """Read the file from an offset."""
        file = self._open_at(offset)
        try:
            sent = offset
            while piece := self._read(file, sent):
                yield piece
                sent += len(piece)
                self.on_progress(sent, self.size)
        finally:
            if self.closes:
                file.close()

    async def pieces_async(self, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Read the file from an offset, in a thread, for a disk may be slow."""
        file = await asyncio.to_thread(self._open_at, offset)
        try:
            sent = offset
            while piece := await asyncio.to_thread(self._read, file, sent):
                yield piece
                sent += len(piece)
                self.on_progress(sent, self.size)
        finally:
            if self.closes:
                file.close()


def open_recording(
    source: str | Path | BinaryIO,
    *,
    file_name: str | None = None,
    on_progress: OnProgress | None = None,
) -> Recording:
    """Return a recording from a file or its path; what cannot be sent is told here.

    Raises:
        InputError: there is no such file, it may not be read, or nothing is in it.
    """
    tell = on_progress or _ignore
    if file_name is not None:
        file_name = _make_sendable(file_name)
    if not isinstance(source, str | Path):
        file: BinaryIO = source
        return Recording(lambda: file, file_name, size=None, closes=False, on_progress=tell)
    path = Path(source)
    with _open(path) as opened:
        size = os.fstat(opened.fileno()).st_size
    if not size:
        raise FileEmpty(f"{path} is empty.")
    return Recording(
        lambda: _open(path), file_name or _make_sendable(path.name), size=size, on_progress=tell
    )


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise FileUnreadable(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise FileUnreadable(f"{path} is a folder, not a recording.") from error
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}.") from error


def _make_sendable(file_name: str) -> str:
    """Return a name in proper Unicode, which a file system does not ask for, and not too long."""
    return file_name.encode(errors="replace").decode()[-_LONGEST_FILE_NAME:]
