"""The programs of the distribution that a node needs, and the packages that they come in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster import apt
from cluster.errors import NodeUnavailable, PackagesUnavailable, StartFailed
from cluster.node import places

Report = Callable[[str], None]

# By their names in Debian and Ubuntu.
PACKAGES = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "iptables-restore": "iptables",
    "iptables-save": "iptables",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "runc": "runc",
    "unshare": "util-linux",
}
# These build the images that a node is for, unless a container engine does.
_BUILDERS = {"buildah": "buildah", "debootstrap": "debootstrap"}
_KEYS_PACKAGE = "debian-archive-keyring"
# Those without which images are built all the same where a registry is in reach.
SPARED = frozenset({"debootstrap", _KEYS_PACKAGE})
# Used where they are.
_OPTIONAL = ("modprobe",)

_PLUGINS = ("bridge", "host-local", "loopback")
_PLUGINS_PACKAGE = "containernetworking-plugins"
# Where Debian has them, and where their own releases go.
_PLUGIN_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))


def find() -> dict[str, Path]:
    """Returns the files of the programs that are here."""
    names = {*PACKAGES, *_BUILDERS, *_OPTIONAL}
    found = {name: shutil.which(name, path=places.SEARCH_PATH) for name in names}
    return {name: Path(path) for name, path in found.items() if path is not None}


def plugin_folder() -> Path | None:
    """Returns the folder that has the CNI plugins."""
    return next(
        (each for each in _PLUGIN_FOLDERS if all((each / name).exists() for name in _PLUGINS)), None
    )


def missing_packages(
    programs: Iterable[str], *, plugins: bool, engine: bool, keys: bool
) -> list[str]:
    """Names the packages of what is not here.

    Beside programs, that may be CNI plugins, an engine that builds images, and Debian's keys.
    """
    here = set(programs)
    needed = PACKAGES if engine else PACKAGES | _BUILDERS
    missing = {package for program, package in needed.items() if program not in here}
    if not plugins:
        missing.add(_PLUGINS_PACKAGE)
    if not (engine or keys):
        missing.add(_KEYS_PACKAGE)
    return sorted(missing)


def can_install() -> bool:
    """Tells whether this machine's packages come by apt."""
    return shutil.which("apt-get", path=places.SEARCH_PATH) is not None


def install(packages: list[str], report: Report) -> None:
    """Installs packages."""
    report(f"installing what a node needs, once per machine: {', '.join(packages)}")
    try:
        apt.install(*packages)
    except PackagesUnavailable as error:
        raise NodeUnavailable(
            f"{error} (packages that are here and conflict with these are not ours to remove)"
        ) from error


def load_kernel_modules(programs: dict[str, Path]) -> None:
    """Loads what a node needs of the kernel where that comes in modules; else it is built in."""
    if "modprobe" in programs:
        modules = ("overlay", "br_netfilter", "nf_tables", "ip_set", "xt_set")
        subprocess.run([programs["modprobe"], "-a", *modules], capture_output=True, check=False)


def run(program: Path, *words: str, stdin: str = "", may_fail: bool = False) -> str:
    """Runs one of them and returns what it prints; raises StartFailed where it fails."""
    done = subprocess.run(
        [program, *words],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": places.SEARCH_PATH},
    )
    if done.returncode != 0 and not may_fail:
        raise StartFailed(f"`{program.name} {' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout
