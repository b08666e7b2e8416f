"""Notes beside the files on what was verified, so that gigabytes are not hashed at each load.

`base.pt.sha256` is what `sha256sum --check` reads, and in its first line the length and the time of
change that `base.pt` had. A marker whose file has another length or time says nothing any more. It
saves time and is no proof: whoever can write the marker can write the file.
"""

import hashlib
import os
import re
from pathlib import Path

from waas_job.storage.file_transport import sync_directory

_MARKER = re.compile(
    r"# verified: (?P<bytes>\d+) bytes, changed (?P<changed>\d+)\n(?P<sha256>[0-9a-f]{64})  .+\n"
)
_NANOSECONDS = 10**9


def sha256_of(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def marker_path(path: Path) -> Path:
    """Return where the marker of a file lies."""
    return path.with_name(f"{path.name}.sha256")


def write_marker(path: Path, sha256: str) -> None:
    """Note that a file has this digest."""
    about = path.stat()
    write_whole(
        marker_path(path),
        f"# verified: {about.st_size} bytes, changed {about.st_mtime_ns}\n{sha256}  {path.name}\n",
    )


def read_marker(path: Path) -> str | None:
    """Return the digest that was noted for a file as it is now; None where none was."""
    try:
        note = _MARKER.fullmatch(marker_path(path).read_text(encoding="utf-8"))
        about = path.stat()
    except (OSError, UnicodeDecodeError):
        return None
    if note is None or int(note["bytes"]) != about.st_size:
        return None
    return note["sha256"] if _is_same_time(int(note["changed"]), about.st_mtime_ns) else None


def _is_same_time(noted: int, found: int) -> bool:
    # Archives and some network file systems keep whole seconds only.
    return found == noted or found == noted - noted % _NANOSECONDS


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or as it was."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_directory(path.parent)
