"""Puts recordings aside that no job is known for.

Most were never accepted: their server was killed before it had noted the job. But the records may
have been lost as well, or be older than the recordings, and then these are all that is left. So
somebody has a month to miss them, and what holds results stays where it is.
"""

import logging
import os
import shutil
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
"""How long a recording is kept that nobody missed."""

_OF_AN_UPLOAD = {"audio"}


def put_unclaimed_aside(objects: Path, names: Collection[str], lost_and_found: Path) -> list[Path]:
    """Move what lies under no job's name and is an upload alone; returns where it lies now."""
    if not objects.is_dir():
        return []
    moved = []
    for folder in sorted(objects.iterdir()):
        if folder.name in names or not _is_upload(folder):
            continue
        place = _free_place(lost_and_found, folder.name)
        try:
            lost_and_found.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.rename(place)
            # From now on it says since when it lies there.
            os.utime(place)
        except OSError as error:
            logger.warning("%s belongs to no job and cannot be moved: %s", folder, error.strerror)
        else:
            moved.append(place)
    return moved


def remove_what_nobody_missed(lost_and_found: Path, now_seconds: float) -> list[Path]:
    """Remove what was put aside too long ago, by the time since the epoch; returns what it was."""
    if not lost_and_found.is_dir():
        return []
    removed = []
    for place in sorted(lost_and_found.iterdir()):
        try:
            if now_seconds - place.stat().st_mtime <= KEPT.total_seconds():
                continue
            shutil.rmtree(place)
        except OSError as error:
            logger.warning("%s cannot be removed: %s", place, error.strerror)
        else:
            removed.append(place)
    return removed


def _is_upload(folder: Path) -> bool:
    try:
        # Whatever is no folder is somebody else's: a file manager's, most likely.
        return folder.is_dir() and {each.name for each in folder.iterdir()} <= _OF_AN_UPLOAD
    except OSError as error:
        logger.warning("%s cannot be read: %s", folder, error.strerror)
        return False


def _free_place(folder: Path, name: str) -> Path:
    place, number = folder / name, 1
    while place.exists():
        number += 1
        place = folder / f"{name}.{number}"
    return place
