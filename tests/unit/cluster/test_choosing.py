from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster.binaries.choosing import Allowed, Choice, Installed, Source, choose
from cluster.binaries.pins import Binary, Release
from cluster.errors import BinaryUnavailable

IN_ASSETS = Installed(Source.ASSETS, Path("/assets/kube-apiserver"), "Kubernetes v1.36.0")
ON_PATH = Installed(Source.PATH, Path("/bin/kube-apiserver"), "Kubernetes v1.35.4")
TOO_OLD = Installed(Source.PATH, Path("/bin/kube-apiserver"), "Kubernetes v1.31.0")
CACHED = Path("/cache/bin/kube-apiserver")

APISERVER = Binary(
    name="kube-apiserver",
    version="v1.36.2",
    tool_module="kubernetes",
    package="k8s.io/kubernetes/cmd/kube-apiserver",
    build_seconds=385,
    release=Release("https://releases.test/kube-apiserver", "https://releases.test/sums"),
)
SOURCE_ONLY = Binary(
    name="minio",
    version="v0",
    tool_module="minio",
    package="github.com/minio/minio",
    build_seconds=178,
)


@dataclass(frozen=True)
class FakeMachine:
    programs: tuple[Installed, ...] = ()
    in_cache: Path | None = None
    online: bool = False
    go: bool = False

    def installed(self, name: str) -> Iterator[Installed]:
        return (each for each in self.programs if each.path.name == name)

    def cached(self, binary: Binary) -> Path | None:
        assert binary
        return self.in_cache

    def reaches(self, release: Release) -> bool:
        assert release
        return self.online

    def has_go(self) -> bool:
        return self.go


EVERYTHING = FakeMachine((IN_ASSETS, ON_PATH), CACHED, online=True, go=True)


@pytest.mark.parametrize(
    ("machine", "chosen"),
    [
        pytest.param(EVERYTHING, Choice(Source.ASSETS, IN_ASSETS.path), id="the assets win"),
        pytest.param(
            FakeMachine((ON_PATH,), CACHED, online=True, go=True),
            Choice(Source.PATH, ON_PATH.path),
            id="then PATH",
        ),
        pytest.param(
            FakeMachine((TOO_OLD,), CACHED, online=True, go=True),
            Choice(Source.CACHE, CACHED),
            id="what is too old on PATH is passed over",
        ),
        pytest.param(
            FakeMachine((), None, online=True, go=True),
            Choice(Source.DOWNLOAD),
            id="a download comes before a build",
        ),
        pytest.param(FakeMachine((), None, go=True), Choice(Source.BUILD), id="offline, a build"),
    ],
)
def test_the_nearest_source_is_chosen(machine: FakeMachine, chosen: Choice) -> None:
    assert choose(APISERVER, machine, Allowed()) == chosen


def test_what_is_published_as_source_only_is_built_even_when_online() -> None:
    assert choose(SOURCE_ONLY, FakeMachine(online=True, go=True), Allowed()).source is Source.BUILD


def test_no_download_happens_where_it_is_not_allowed() -> None:
    machine = FakeMachine(online=True, go=True)
    assert choose(APISERVER, machine, Allowed(download=False)).source is Source.BUILD


@pytest.mark.parametrize(
    ("machine", "allowed", "advice"),
    [
        pytest.param(FakeMachine(go=True), Allowed(build=False), "make cluster-up", id="no build"),
        pytest.param(FakeMachine(), Allowed(), "install Go", id="nothing to build with"),
    ],
)
def test_a_binary_that_can_not_be_had_comes_with_advice(
    machine: FakeMachine, allowed: Allowed, advice: str
) -> None:
    with pytest.raises(BinaryUnavailable, match=f"kube-apiserver v1.36.2 .*{advice}"):
        choose(APISERVER, machine, allowed)
