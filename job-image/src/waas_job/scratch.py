"""The recording on its way: a file that knows its own length and digest."""

import errno
import hashlib
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self

from waas_job.errors import InternalError, JobError, StorageUnavailable

_HARMLESS_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class ScratchFile:
    """Takes a download; removed when it is left.

    Its name ends as the recording's does, since some formats are known by nothing else.
    """

    def __init__(self, directory: Path, file_name: str) -> None:
        suffix = Path(file_name).suffix
        self.path = directory / f"audio{suffix if _HARMLESS_SUFFIX.fullmatch(suffix) else ''}"
        self.etag: str | None = None
        self.size = 0
        self._digest = hashlib.sha256()
        self._is_adopted = False

    def __enter__(self) -> Self:
        self._open()
        return self

    def _open(self) -> None:
        self._file = self.path.open("wb", buffering=0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Return the digest of what was written."""
        return self._digest.hexdigest()

    def adopt(self, source: Path) -> bool:
        """Become another name of a file that holds all the bytes; False where that cannot be.

        The bytes are to be written all the same, for their length and digest; they take no room.
        """
        self.restart()
        self.path.unlink()
        try:
            # Unlike a symbolic link, it outlives the other name.
            self.path.hardlink_to(source)
        except OSError:
            # Another disk, another person's file, or a file system without links.
            self._reopen()
            return False
        self._is_adopted = True
        return True

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        if not self._is_adopted:
            self._write_out(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def _write_out(self, piece: bytes) -> None:
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise self._explain_full_disk(self.size + len(piece) - len(rest)) from error

    def _explain_full_disk(self, written: int) -> JobError:
        text = f"The disk is full: it had room for {written} bytes of the recording."
        disk = os.statvfs(self.path.parent)
        if written > disk.f_blocks * disk.f_frsize // 2:
            # Nobody else's files are to blame: it is a disk too small, and will be.
            return InternalError(text)
        # There may be room again, so it costs no attempt.
        return StorageUnavailable(text)

    def restart(self) -> None:
        """Forget what was taken, and of what it was."""
        if self._is_adopted:
            # Somebody else's file: only our name for it goes.
            self.path.unlink()
            self._reopen()
        self._file.seek(0)
        self._file.truncate()
        self.etag = None
        self.size = 0
        self._digest = hashlib.sha256()

    def _reopen(self) -> None:
        self._file.close()
        self._is_adopted = False
        self._open()
