"""The programs of the distribution that a node needs, and the packages that they come in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster.errors import NodeUnavailable
from cluster.node import places

Report = Callable[[str], None]

# By their names in Debian and Ubuntu.
PACKAGES = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "runc": "runc",
    "unshare": "util-linux",
}
# Any of these builds the images that a node is for; the packages are those that are had by apt.
_BUILDERS = ("buildah", "docker", "podman")
_BUILDER_PACKAGES = {"buildah", "debootstrap"}
# Used where they are.
_OPTIONAL = ("iptables", "modprobe")

_PLUGINS = ("bridge", "host-local", "loopback")
_PLUGINS_PACKAGE = "containernetworking-plugins"
# Where Debian has them, and where their own releases go.
_PLUGIN_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))


def find() -> dict[str, Path]:
    """Returns the files of the programs that are here."""
    names = (*PACKAGES, *_BUILDERS, *_OPTIONAL)
    found = {name: shutil.which(name, path=places.SEARCH_PATH) for name in names}
    return {name: Path(path) for name, path in found.items() if path is not None}


def plugin_folder() -> Path | None:
    """Returns the folder that has the CNI plugins."""
    return next(
        (each for each in _PLUGIN_FOLDERS if all((each / name).exists() for name in _PLUGINS)), None
    )


def missing_packages(programs: Iterable[str], *, plugins: bool) -> list[str]:
    """Names the packages of what is not here."""
    here = set(programs)
    missing = {package for program, package in PACKAGES.items() if program not in here}
    if not plugins:
        missing.add(_PLUGINS_PACKAGE)
    if not here.intersection(_BUILDERS):
        missing |= _BUILDER_PACKAGES
    return sorted(missing)


def can_install() -> bool:
    """Tells whether this machine's packages come by apt."""
    return shutil.which("apt-get", path=places.SEARCH_PATH) is not None


def install(packages: list[str], report: Report) -> None:
    """Installs packages; the lists of what there is are only fetched when they are too old."""
    report(f"installing what a node needs, once per machine: {', '.join(packages)}")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if not _apt(command):
        _apt(["apt-get", "update"])
        if not _apt(command):
            raise NodeUnavailable(f"`{' '.join(command)}` failed; run it to see why")


def _apt(command: list[str]) -> bool:
    # With the user's environment, which may hold the proxy that leads to the packages.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return (
        subprocess.run(command, capture_output=True, check=False, env=environment).returncode == 0
    )


def load_kernel_modules(programs: dict[str, Path]) -> None:
    """Loads what a node needs of the kernel where that comes in modules; else it is built in."""
    if "modprobe" in programs:
        modules = ("overlay", "br_netfilter", "nf_tables")
        subprocess.run([programs["modprobe"], "-a", *modules], capture_output=True, check=False)
