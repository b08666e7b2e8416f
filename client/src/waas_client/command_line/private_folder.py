"""A folder for one command's own server: it goes with the command, or with the next one."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "waas-private-"
_YOUNG_SECONDS = 60.0
"""So old is a folder at most that somebody made and has not locked yet."""


@contextmanager
def private_folder() -> Iterator[tuple[Path, int | None]]:
    """Make a folder on the disk, which /tmp often is not; gives the lock that says it is in use.

    Whoever inherits the lock keeps the folder in use as well.
    """
    parent = _make_parent()
    _sweep(parent)
    with tempfile.TemporaryDirectory(
        prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True
    ) as name:
        lock = _lock(Path(name))
        try:
            yield Path(name), lock
        finally:
            if lock is not None:
                os.close(lock)


def _make_parent() -> Path | None:
    """Return what a server's usual data folder lies in; None if that cannot be."""
    try:
        shared = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        shared.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return shared if os.access(shared, os.W_OK | os.X_OK) else None


def _sweep(parent: Path | None) -> None:
    """Remove what commands left behind that were killed, and whose servers have ended."""
    if parent is None or fcntl is None:
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """Return a lock, or None if somebody else has it."""
    if fcntl is None:
        return None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
