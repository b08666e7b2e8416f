"""The images, and all that goes into each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.binaries.pins import MINIO

ROOT = Path(__file__).parents[2]
REGISTRY = "docker.io/library"

DEBIAN = f"{REGISTRY}/debian:bookworm-slim"
GOLANG = f"{REGISTRY}/golang:1.26-bookworm"


def project(folder: str) -> dict[str, Any]:
    """Returns the [project] table of a member's pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    return table


VERSION: str = project(".")["version"]


@dataclass(frozen=True)
class Image:
    """One image, and how it is built."""

    # The last part of its reference.
    name: str
    # Both below the repository's root.
    dockerfile: str
    context: str
    # What the Dockerfile copies from the context: files, and folders with all that is in them.
    inputs: tuple[str, ...]
    # Those of them that decide which dependencies are installed: the layers that take long and much
    # disk. With the Dockerfile itself.
    slow_inputs: tuple[str, ...]
    # What the stages start from.
    bases: tuple[str, ...]
    # Seconds and gigabytes of disk that a build takes with nothing to start from, on two cores.
    build_seconds: int
    build_gigabytes: float
    # The variables of the Dockerfile's RUN steps that name a cache, which this machine may lend.
    caches: tuple[str, ...]
    # Of the program in it.
    version: str = VERSION
    # The stage that is kept beside the image: to make it anew takes longer than all the rest of a
    # build after a change of our code.
    kept_stage: str | None = None

    @property
    def labels(self) -> dict[str, str]:
        """What the image tells about itself beside the Dockerfile's own labels."""
        title = "org.opencontainers.image"
        base = {f"{title}.base.name": self.base} if self.base else {}
        return {f"{title}.version": self.version, **base}

    @property
    def base(self) -> str | None:
        """The base that the image itself stands on; None for one from scratch."""
        return DEBIAN if DEBIAN in self.bases else None


def _program(name: str, folder: str, build_seconds: int, build_gigabytes: float) -> Image:
    projects = ("contract/pyproject.toml", f"{folder}/pyproject.toml")
    locked = ("pyproject.toml", "uv.lock", *projects)
    return Image(
        name=name,
        dockerfile=f"{folder}/Dockerfile",
        context=".",
        inputs=(*locked, "contract/src", f"{folder}/src"),
        slow_inputs=locked,
        bases=(DEBIAN,),
        build_seconds=build_seconds,
        build_gigabytes=build_gigabytes,
        caches=("UV_CACHE_DIR",),
        kept_stage="tools",
    )


IMAGES: Mapping[str, Image] = {
    "api": _program("waas-api", "api", build_seconds=30, build_gigabytes=1.5),
    "operator": _program("waas-operator", "operator", build_seconds=30, build_gigabytes=1.5),
    "job": _program("waas-job", "job-image", build_seconds=100, build_gigabytes=24),
    "minio": Image(
        name="waas-minio",
        dockerfile="tests/images/minio/Dockerfile",
        context="tests/cluster/tools/minio",
        inputs=("go.mod", "go.sum"),
        slow_inputs=("go.mod", "go.sum"),
        bases=(GOLANG,),
        build_seconds=180,
        build_gigabytes=2.5,
        caches=("GOMODCACHE", "GOCACHE"),
        version=MINIO,
    ),
    "pause": Image(
        name="waas-pause",
        dockerfile="tests/images/pause/Dockerfile",
        context="tests/images/pause",
        inputs=("pause.go",),
        slow_inputs=("pause.go",),
        bases=(GOLANG,),
        build_seconds=20,
        build_gigabytes=1.5,
        caches=("GOCACHE",),
    ),
}
