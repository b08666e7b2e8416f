"""A cgroup of a process's own, whose peak of memory the kernel keeps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")

_PEAK_FILES = ("memory.peak", "memory.max_usage_in_bytes")
"""Of cgroups v2 and v1."""


@contextmanager
def memory_cgroup(name: str) -> Iterator[Path | None]:
    """Make a cgroup for the time of the context; None where we may not."""
    parent = _our_cgroup()
    cgroup = parent / f"{name}-{os.getpid()}" if parent else None
    try:
        if cgroup:
            cgroup.mkdir()
    except OSError:
        cgroup = None
    if cgroup and not _peak_file(cgroup):
        cgroup.rmdir()
        cgroup = None
    try:
        yield cgroup
    finally:
        if cgroup:
            cgroup.rmdir()


def peak_bytes(cgroup: Path) -> int:
    """Return the most that its processes held at once, files that they read included."""
    file = _peak_file(cgroup)
    assert file is not None
    return int(file.read_text())


def _peak_file(cgroup: Path) -> Path | None:
    return next((cgroup / name for name in _PEAK_FILES if (cgroup / name).exists()), None)


def _our_cgroup() -> Path | None:
    """Return where this process's memory is counted: v1's own hierarchy if there is one."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return _ROOT / "memory" / path.lstrip("/")
        if not controllers and (_ROOT / "cgroup.controllers").exists():
            return _ROOT / path.lstrip("/")
    return None
