"""A download on its way, which outlives the process that began it."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from waas_job.model_cache.errors import NoSpace
from waas_job.model_cache.markers import write_marker, write_whole
from waas_job.storage.file_transport import sync_directory

# Enough of the digest to tell files of one name apart.
_SHOWN_DIGITS = 12
_PIECE_BYTES = 1 << 20


class PartialFile:
    """Takes the bytes of one file, from where an earlier process left off.

    Its name holds the digest that is expected: when the catalogue changes, what was begun before
    is not gone on with. The server's ETag lies beside it, so that a file which changed in the
    meantime is begun anew.
    """

    def __init__(self, target: Path, sha256: str, on_write: Callable[[int], None]) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.{sha256[:_SHOWN_DIGITS]}.partial")
        self._etag_path = self.path.with_name(f"{self.path.name}.etag")
        self._on_write = on_write

    def __enter__(self) -> Self:
        # Unbuffered: what the disk refuses is known at once, and not tried again at the end.
        self._file = self.path.open("ab+", buffering=0)
        self._digest = hashlib.sha256()
        self._file.seek(0)
        while piece := self._file.read(_PIECE_BYTES):
            self._digest.update(piece)
        self.size = self._file.tell()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        if self.size == 0:
            # Nothing to go on with.
            self.path.unlink(missing_ok=True)

    @property
    def etag(self) -> str | None:
        """The server's word for the version that the bytes are of."""
        try:
            return self._etag_path.read_text(encoding="utf-8") or None
        except FileNotFoundError:
            return None

    @etag.setter
    def etag(self, etag: str | None) -> None:
        if etag is None:
            self._etag_path.unlink(missing_ok=True)
        else:
            write_whole(self._etag_path, etag)

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes so far."""
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        rest = memoryview(piece)
        while rest:
            written = self._write(rest)
            self._digest.update(rest[:written])
            self.size += written
            rest = rest[written:]
        self._on_write(self.size)

    def _write(self, piece: memoryview) -> int:
        try:
            return self._file.write(piece)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise NoSpace(
                f"The disk is full: it had room for {self.size} bytes of {self._target}. "
                "They are kept: make room, and the next pull goes on from there."
            ) from error

    def adopt(self, source: Path) -> bool:  # noqa: ARG002
        """Take a copy: what comes into the cache is nobody else's to change."""
        self.restart()
        return False

    def restart(self) -> None:
        """Forget what was taken, and of what it was."""
        self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.etag = None
        self.size = 0

    def publish(self) -> None:
        """Give the file its name, whole and on the disk, with a marker."""
        os.fsync(self._file.fileno())
        self.path.replace(self._target)
        sync_directory(self._target.parent)
        self.etag = None
        write_marker(self._target, self.sha256)
        # What was begun for digests that the catalogue meant earlier.
        for stale in self._target.parent.glob(f"{self._target.name}.*.partial*"):
            stale.unlink(missing_ok=True)

    def remove(self) -> None:
        """Throw the bytes away."""
        self.etag = None
        self.path.unlink(missing_ok=True)
