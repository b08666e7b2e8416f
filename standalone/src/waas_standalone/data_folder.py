"""The folder that holds everything: its parts, and the lock that keeps a second server out.

waas.sqlite          the TranscriptionJobs and what belongs to them
objects/             audio, results, manifests: the same keys as in a bucket
unfinished/          uploads on their way
runs/<id>/           what one job program has: URLs, scratch space, its last words
logs/<job>/<pod>.log what job programs wrote
lost+found/          recordings that no job is known for; removed at a start after 30 days there
server.lock          held by the server that works here
"""

import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from waas_standalone.errors import DataFolderTaken, DataFolderUnusable

LOGS_KEPT = 1000
"""Jobs whose logs are kept."""

_PRIVATE = 0o700


@dataclass(frozen=True)
class DataFolder:
    """The folder, ours alone as long as the lock is held."""

    path: Path
    lock: TextIO

    @property
    def database(self) -> Path:
        """Return where the TranscriptionJobs are."""
        return self.path / "waas.sqlite"

    @property
    def objects(self) -> Path:
        """Return where the objects are."""
        return self.path / "objects"

    @property
    def unfinished(self) -> Path:
        """Return where uploads are on their way."""
        return self.path / "unfinished"

    @property
    def runs(self) -> Path:
        """Return where job programs have their folders."""
        return self.path / "runs"

    @property
    def logs(self) -> Path:
        """Return where job programs' output is kept."""
        return self.path / "logs"

    @property
    def lost_and_found(self) -> Path:
        """Return where recordings go that no job is known for."""
        return self.path / "lost+found"

    def close(self) -> None:
        """Let another server in."""
        self.lock.close()


def open_data_folder(path: Path) -> DataFolder:
    """Return the folder, made if need be, and locked.

    Raises:
        DataFolderUnusable: it cannot be written to.
        DataFolderTaken: another server works on it.
    """
    try:
        path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        folder = DataFolder(path.resolve(), _lock(path / "server.lock"))
        for each in (folder.objects, folder.unfinished, folder.runs, folder.logs):
            each.mkdir(mode=_PRIVATE, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(
            f"The data folder {path} cannot be written to: {error.strerror}. "
            "Choose another one with WAAS_DATA or --data."
        ) from error
    return folder


def _lock(path: Path) -> TextIO:
    file = path.open("a+", encoding="utf-8")
    try:
        # Released by the kernel, however this process ends.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise DataFolderTaken(
            f"Another server works on the data folder {path.parent} (process {holder}). "
            "Stop it first, or choose another folder with WAAS_DATA or --data."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def sweep(folder: DataFolder) -> None:
    """Remove what a server that is gone left unfinished; no program may be at work any more."""
    for leftover in (*folder.unfinished.iterdir(), *folder.runs.iterdir()):
        _remove(leftover)
    for unfinished in folder.objects.rglob(".*.part"):
        _remove(unfinished)
    logs = sorted(folder.logs.iterdir(), key=lambda each: each.stat().st_mtime)
    for old in logs[:-LOGS_KEPT]:
        _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
