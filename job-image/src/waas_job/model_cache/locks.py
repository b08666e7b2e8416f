"""Keeps two pulls of one model apart, also those of two machines on one network file system."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)


@contextmanager
def holding_lock(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock, and hold it; a process that dies lets go of it.

    The file stays: who removed it could take it from under one that waits for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.warning("somebody else is pulling %s: waiting", path.name)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
