"""Makes, empties and removes the cgroup below which all containers of the node run."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

from cluster.node import places

_MOUNTS = Path("/proc/mounts")
_END_WITHIN = 20.0
_POLL_EVERY = 0.02


def hierarchies(mounts: str) -> list[Path]:
    """Returns where cgroups are, from the lines of /proc/mounts: one place in v2, many in v1."""
    lines = [line.split() for line in mounts.splitlines()]
    return [_path(words[1]) for words in lines if words[2] in ("cgroup", "cgroup2")]


def _path(written: str) -> Path:
    """Reads a path in which the kernel wrote blanks and the like as octal numbers."""
    return Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), written))


def _ours() -> list[Path]:
    return [each / places.CGROUP for each in hierarchies(_MOUNTS.read_text())]


def make() -> None:
    """Makes the node's cgroup in every hierarchy, in v2 with all controllers that there are."""
    for cgroup in _ours():
        enabled = cgroup.parent / "cgroup.subtree_control"
        for controller in set(_words(cgroup.parent / "cgroup.controllers")) - set(_words(enabled)):
            # The kubelet says so if it misses one that can't be had here.
            with suppress(OSError):
                enabled.write_text(f"+{controller}")
        cgroup.mkdir(exist_ok=True)


def end_all_inside() -> None:
    """Ends every process of every container."""
    give_up = time.monotonic() + _END_WITHIN
    while (inside := _processes_inside()) and time.monotonic() < give_up:
        for pid in inside:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_EVERY)


def _processes_inside() -> set[int]:
    return {
        int(pid)
        for cgroup in _ours()
        for file in cgroup.rglob("cgroup.procs")
        for pid in _words(file)
    }


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        # It went away in between, or this version of cgroups has none.
        return []


def remove() -> None:
    """Removes the node's cgroup and all below; a process that just ended may hold one briefly."""
    give_up = time.monotonic() + _END_WITHIN
    while (left := [each for each in _ours() if each.exists()]) and time.monotonic() < give_up:
        for cgroup in left:
            folders = [Path(path) for path, _, _ in os.walk(cgroup, topdown=False)]
            for folder in folders:
                with suppress(OSError):
                    folder.rmdir()
        time.sleep(_POLL_EVERY)
