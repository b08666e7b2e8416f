"""Removes a node from its machine, whether it is up, half up, or was left behind by a crash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

from cluster import control_plane, minio_server
from cluster.node import cgroups, claim, kernel_settings, network, places, policies, programs
from cluster.node.node_servers import COVERED_FOLDERS, NAMES
from cluster.run_folder import RunFolder

# A binary's file may have a version behind its name.
_SERVERS = (*control_plane.NAMES, *NAMES, minio_server.NAME)
_END_WITHIN = 20.0
_POLL_EVERY = 0.02


def clear(run: RunFolder) -> None:
    """Removes the run's node, where there is one; its servers must have been stopped."""
    if claim.holder() != run:
        return
    with claim.alone():
        # Another run may have taken over what a crash had left of this one's.
        if claim.holder() == run:
            remove_everything()


def remove_everything() -> None:
    """Removes all that goes by the node's names; after a crash in between it can be begun anew."""
    run = claim.holder()
    here = programs.find()
    run_all(
        lambda: _end_processes(lambda command: run is not None and is_server(command, run)),
        # Before containers end, of which they would tell, and after which they would clean up.
        lambda: _end_processes(is_shim),
        cgroups.end_all_inside,
        cgroups.remove,
        lambda: network.remove_rule(here),
        lambda: policies.remove(here),
        lambda: network.remove_tables(here),
        lambda: network.remove_links(here),
        kernel_settings.restore,
        lambda: _remove_empty(COVERED_FOLDERS),
    )
    # Last, and not while anything may be left, since it says whose all this is.
    shutil.rmtree(places.STATE, ignore_errors=True)


def run_all(*steps: Callable[[], None]) -> None:
    """Runs every step, even where one before it failed; then raises what the first to fail did."""
    failures: list[Exception] = []
    for step in steps:
        try:
            step()
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def is_shim(command: Sequence[str]) -> bool:
    """Tells whether a process is the parent of a container of this node, and of no other's."""
    if not command or not Path(command[0]).name.startswith("containerd-shim"):
        return False
    return ("-address", str(places.SOCKET)) in pairwise(command)


def is_server(command: Sequence[str], run: RunFolder) -> bool:
    """Tells whether a process is a server of the run, of which somebody deleted the record."""
    if not command or not Path(command[0]).name.startswith(_SERVERS):
        return False
    return any(f"{run.path}/" in word for word in command)


def _end_processes(is_ours: Callable[[Sequence[str]], bool]) -> None:
    def alive() -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if is_ours(process.info["cmdline"] or ())
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]

    give_up = time.monotonic() + _END_WITHIN
    while (found := alive()) and time.monotonic() < give_up:
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(_POLL_EVERY)


def _remove_empty(folders: Iterable[str]) -> None:
    """Removes the folders that were only made to be covered."""
    for folder in folders:
        # One with something in it belongs to the machine.
        with suppress(OSError):
            Path(folder).rmdir()
