"""Which file stands for an object."""

from pathlib import Path

from waas_standalone.errors import UnusableKey

UNFINISHED_PREFIX = "."
"""Begins the names of files that are not objects yet; the job program's begin so, too."""


def object_path(root: Path, key: str) -> Path:
    """Return the file of an object; it lies below the root, whatever the key is."""
    parts = key.split("/")
    if any(not part or part.startswith(UNFINISHED_PREFIX) or "\0" in part for part in parts):
        raise UnusableKey(f"{key!r} cannot be the name of a file")
    return root.joinpath(*parts)
