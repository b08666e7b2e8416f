"""Is there room for a build? Better to say no than to fill the disk that the cluster runs on."""

from __future__ import annotations

import shutil
from pathlib import Path

from images.errors import DiskTooFull

_GIGABYTE = 1e9


def free_gigabytes(folder: Path) -> float | None:
    """Returns the room where a folder is or will be; None where it is on another machine."""
    existing = next((each for each in (folder, *folder.parents) if each.exists()), None)
    if existing is None or existing == Path("/") != folder:
        return None
    return shutil.disk_usage(existing).free / _GIGABYTE


def require(what: str, needed: float, free: float | None, folder: Path) -> None:
    """Refuses a build that needs more gigabytes than are free in the builder's folder."""
    if free is not None and free < needed:
        raise DiskTooFull(
            f"building {what} takes about {needed:g} GB of disk on the way, and {folder} has"
            f" {free:.1f} GB free: make room there, or move the builder's folder to a larger disk"
            " (WAAS_CACHE moves ours)"
        )
