"""Removes recordings that were never accepted: their server was killed before it had noted the job.

Nothing that holds results goes, and nothing at all where the records are new: then they were lost,
and the recordings are all that is left.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

_OF_AN_UPLOAD = {"audio"}


def remove_unclaimed(objects: Path, names: Collection[str]) -> list[str]:
    """Remove what lies under no job's name and is an upload alone; returns those names."""
    if not objects.is_dir():
        return []
    removed = []
    for folder in objects.iterdir():
        if folder.name not in names and {each.name for each in folder.iterdir()} <= _OF_AN_UPLOAD:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed
