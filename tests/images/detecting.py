"""Finds which of the builders can be used here."""

from __future__ import annotations

import functools
import os
import shutil
from typing import Protocol

from cluster.binaries.machine import cache_folder
from images.builders import Buildah, Builder, Engine
from images.errors import NoBuilder
from images.running import succeeds

# A client may be installed without its engine, and an engine may hang.
_ENGINE_ANSWERS_WITHIN = 20.0


class Machine(Protocol):
    """What a choice needs to know about the machine."""

    def is_root(self) -> bool:
        """Tells whether we may do everything."""

    def has(self, program: str) -> bool:
        """Tells whether a program is installed."""

    def has_running(self, engine: str) -> bool:
        """Tells whether a container engine's client is installed, and its engine answers it."""


class ThisMachine:
    """The machine that this program runs on."""

    def is_root(self) -> bool:
        """Tells whether we may do everything."""
        return os.geteuid() == 0

    def has(self, program: str) -> bool:
        """Tells whether a program is installed."""
        return shutil.which(program) is not None

    def has_running(self, engine: str) -> bool:
        """Tells whether a container engine's client is installed, and its engine answers it."""
        return self.has(engine) and succeeds((engine, "info"), _ENGINE_ANSWERS_WITHIN)


def choose(machine: Machine) -> str:
    """Returns the program to build with."""
    if machine.has("buildah") and machine.is_root():
        return "buildah"
    for engine in ("docker", "podman"):
        if machine.has_running(engine):
            return engine
    raise NoBuilder(
        "there is nothing to build images with: start Docker or install Podman, or, as root on"
        " Debian, `apt-get install buildah debootstrap debian-archive-keyring`"
    )


def has_engine(machine: Machine) -> bool:
    """Tells whether a container engine builds here, rather than buildah or nothing."""
    try:
        return choose(machine) != "buildah"
    except NoBuilder:
        return False


@functools.cache
def builder() -> Builder:
    """Returns this machine's builder."""
    program = choose(ThisMachine())
    return Buildah(cache_folder() / "images") if program == "buildah" else Engine(program)
