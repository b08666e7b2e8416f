"""Tells whose the node of this machine is: there is room for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import processes
from cluster.node import places
from cluster.run_folder import RunFolder

_OWNER = places.STATE / "run"


@contextmanager
def alone() -> Iterator[None]:
    """Keeps other processes from starting or clearing a node until the block ends."""
    with RunFolder(places.STATE).alone():
        yield


def holder() -> RunFolder | None:
    """Returns the run that made the node, or what is left of one."""
    try:
        return RunFolder(Path(_OWNER.read_text()))
    except (FileNotFoundError, PermissionError):
        # Only root has nodes, and only root may look.
        return None


def take(run: RunFolder) -> None:
    """Writes down whose the node is, before there is any of it."""
    places.STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = _OWNER.with_suffix(".partial")
    partial.write_text(str(run.path))
    partial.rename(_OWNER)


def living_holder() -> RunFolder | None:
    """Returns the run whose node is up: any server of the run lives."""
    run = holder()
    if run is None:
        return None
    return run if any(map(processes.find, run.servers().values())) else None
