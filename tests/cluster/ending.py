"""Ends a run: its servers, its node if it has one, and its data."""

from __future__ import annotations

from cluster import processes
from cluster.node import clearing
from cluster.run_folder import RunFolder


def end(run: RunFolder, *, keep_logs: bool = False) -> None:
    """Stops and deletes all of the run, whatever there is of it; the caller is alone with it."""
    processes.stop_all(run)
    clearing.clear(run)
    run.remove(keep_logs=keep_logs)
