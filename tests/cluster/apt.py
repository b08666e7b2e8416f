"""Debian's packages, on a machine that may be fresh: with old lists, and busy with upgrades."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cluster.errors import PackagesUnavailable

_OPTIONS = (
    # Mirrors stumble.
    "--option=Acquire::Retries=3",
    # Machines that have just started upgrade themselves meanwhile.
    "--option=DPkg::Lock::Timeout=300",
)
_ADDING = ("--yes", "--no-install-recommends", "--no-remove")


def install(*packages: str) -> None:
    """Adds packages and takes none away, such as Docker's containerd.

    Raises PackagesUnavailable.
    """
    _run_with_fresh_lists("install", *_ADDING, *packages)


def download(package: str, folder: Path) -> None:
    """Puts a package's file into a folder, without installing it; raises PackagesUnavailable."""
    _run_with_fresh_lists("download", package, folder=folder)


def _run_with_fresh_lists(*words: str, folder: Path | None = None) -> None:
    """Runs apt-get; the lists of what there is are only fetched where that fails."""
    if _run(*words, folder=folder).returncode == 0:
        return
    _run("update")
    again = _run(*words, folder=folder)
    if again.returncode != 0:
        said = [line for line in again.stderr.splitlines() if line.strip()]
        raise PackagesUnavailable(
            f"`apt-get {' '.join(words)}` failed: {' '.join(said[-3:]) or again.returncode}"
        )


def _run(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    # With the user's environment, which may hold the proxy that leads to the packages.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        ["apt-get", *_OPTIONS, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
