"""Tells whether this machine can have a node now, and if not, why."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from cluster.binaries.machine import SYSTEM, cache_folder
from cluster.node import claim, network, programs
from cluster.run_folder import RunFolder

_GIB = 1024**3
# The node itself, with room for pods' logs and files; what images need is asked as they are loaded.
_NEEDED_BYTES = 2 * _GIB

# By their numbers in the kernel. Root in a container may lack them.
_CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Machine:
    """What matters of a machine when a node is wanted."""

    system: str
    is_root: bool
    # What root must be allowed to do here, and is not.
    missing_capabilities: tuple[str, ...]
    # Packages of the distribution that are not here, and whether we may get them.
    missing_packages: tuple[str, ...]
    can_install: bool
    # Free disk space, and the folder where it is asked for.
    free_bytes: int
    folder: Path
    # The other run whose node is up.
    other_run: Path | None
    # Something that is not ours and has a name, or addresses, that we would give.
    taken: str | None


def look(run: RunFolder) -> Machine:
    """Looks at this machine on behalf of a run."""
    # Not above: a node can be cleared without knowing how images are built.
    from images import bases, detecting

    folder = existing(cache_folder())
    found = programs.find()
    missing = programs.missing_packages(
        found,
        plugins=programs.plugin_folder() is not None,
        engine=detecting.has_engine(detecting.ThisMachine()),
        keys=bases.KEYS.exists(),
    )
    is_root = os.geteuid() == 0
    # Only Linux has it.
    lacking = missing_capabilities(_STATUS.read_text()) if _STATUS.exists() else ()
    holder, living = claim.holder(), claim.living_holder()
    can_look = is_root and not lacking and {"ip", "nft"} <= found.keys()
    return Machine(
        system=SYSTEM,
        is_root=is_root,
        missing_capabilities=lacking,
        missing_packages=tuple(missing),
        can_install=programs.can_install(),
        free_bytes=shutil.disk_usage(folder).free,
        folder=folder,
        other_run=living.path if living is not None and living != run else None,
        taken=network.is_taken(found) if can_look and holder is None else None,
    )


def missing_capabilities(status: str) -> tuple[str, ...]:
    """Names what a process may not do, from its /proc/PID/status."""
    [effective] = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")]
    return tuple(name for name, bit in _CAPABILITIES.items() if not int(effective, 16) >> bit & 1)


def existing(folder: Path) -> Path:
    """Returns the folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def hindrance(machine: Machine) -> str | None:
    """Returns why the machine can't have a node now, as a sentence, or nothing if it can."""
    if machine.system != "linux":
        return f"a node needs Linux, and this is {machine.system}"
    if not machine.is_root:
        return "a node needs root: it makes network interfaces, mounts and cgroups"
    if machine.missing_capabilities:
        return "root is not allowed here what a node needs, as in most containers: " + ", ".join(
            machine.missing_capabilities
        )
    if machine.other_run is not None:
        return (
            f"the node of another run is up, and a machine has room for one: {machine.other_run}"
            " (`python -m cluster down` with that run's name, or the end of its tests, ends it)"
        )
    if machine.taken is not None:
        return not_ours(machine.taken)
    if set(machine.missing_packages) - programs.SPARED and not machine.can_install:
        return (
            "a node needs programs that are not installed; their packages in Debian are: "
            + ", ".join(machine.missing_packages)
        )
    if machine.free_bytes < _NEEDED_BYTES:
        return too_little_disk(_NEEDED_BYTES, machine.free_bytes, machine.folder)
    return None


def not_ours(taken: str) -> str:
    """Returns the sentence about something where a node would have its own."""
    return f"{taken} is there already, and not ours to remove"


def too_little_disk(needed: int, free: int, folder: Path) -> str:
    """Returns the sentence about a disk that is too full."""
    return (
        f"too little disk: {needed / _GIB:.1f} GiB needed, {free / _GIB:.1f} GiB free at {folder}"
    )
