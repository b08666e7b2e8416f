from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cluster.node.programs import PACKAGES, missing_packages
from cluster.node.requirements import Machine, existing, hindrance, missing_capabilities

GIB = 1024**3
FIT = Machine(
    system="linux",
    is_root=True,
    missing_capabilities=(),
    missing_packages=(),
    can_install=False,
    free_bytes=10 * GIB,
    folder=Path("/home/ann/.cache"),
    other_run=None,
    taken=None,
)


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param(FIT, id="with all that is needed"),
        pytest.param(
            replace(FIT, missing_packages=("runc",), can_install=True), id="that gets a package"
        ),
        pytest.param(
            replace(FIT, missing_packages=("debootstrap",)),
            id="that has no debootstrap but may reach a registry",
        ),
    ],
)
def test_nothing_keeps_a_machine_from_having_a_node(machine: Machine) -> None:
    assert hindrance(machine) is None


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        pytest.param(
            replace(FIT, system="darwin"),
            "a node needs Linux, and this is darwin",
            id="another system",
        ),
        pytest.param(
            replace(FIT, is_root=False),
            "a node needs root: it makes network interfaces, mounts and cgroups",
            id="another user",
        ),
        pytest.param(
            replace(FIT, missing_capabilities=("CAP_SYS_ADMIN",), missing_packages=("runc",)),
            "root is not allowed here what a node needs, as in most containers: CAP_SYS_ADMIN",
            id="root in a container",
        ),
        pytest.param(
            replace(FIT, other_run=Path("/cache/run/two")),
            "the node of another run is up, and a machine has room for one: /cache/run/two"
            " (`python -m cluster down` with that run's name, or the end of its tests, ends it)",
            id="another run's node",
        ),
        pytest.param(
            replace(FIT, taken="the nftables table `ip kube-proxy`"),
            "the nftables table `ip kube-proxy` is there already, and not ours to remove",
            id="another cluster's node",
        ),
        pytest.param(
            replace(FIT, missing_packages=("containerd", "runc")),
            "a node needs programs that are not installed;"
            " their packages in Debian are: containerd, runc",
            id="programs that are missing",
        ),
        pytest.param(
            replace(FIT, free_bytes=GIB // 2),
            "too little disk: 2.0 GiB needed, 0.5 GiB free at /home/ann/.cache",
            id="a full disk",
        ),
    ],
)
def test_what_keeps_a_machine_from_having_a_node_is_said(machine: Machine, reason: str) -> None:
    assert hindrance(machine) == reason


def test_the_packages_of_missing_programs_are_named_once_each() -> None:
    here = ["ip", "mount", "nsenter", "unshare"]
    assert missing_packages(here, plugins=False, engine=False, keys=False) == [
        "buildah",
        "containerd",
        "containernetworking-plugins",
        "debian-archive-keyring",
        "debootstrap",
        "ipset",
        "iptables",
        "nftables",
        "runc",
    ]


@pytest.mark.parametrize(
    ("here", "engine", "missing"),
    [
        pytest.param([], True, [], id="an engine that answers"),
        pytest.param(
            ["docker", "podman"], False, ["buildah", "debootstrap"], id="clients without an engine"
        ),
        pytest.param(["buildah"], False, ["debootstrap"], id="buildah without a base to build on"),
        pytest.param(["buildah", "debootstrap"], False, [], id="buildah and debootstrap"),
    ],
)
def test_what_builds_images_is_missing_unless_an_engine_answers(
    here: list[str], engine: bool, missing: list[str]
) -> None:
    assert missing_packages([*PACKAGES, *here], plugins=True, engine=engine, keys=True) == missing


@pytest.mark.parametrize(
    ("effective", "missing"),
    [
        pytest.param("000001fffeffffff", (), id="all that matters"),
        pytest.param("00000000a80425fb", ("CAP_NET_ADMIN", "CAP_SYS_ADMIN"), id="Docker's default"),
        pytest.param("00000000a80435fb", ("CAP_SYS_ADMIN",), id="with --cap-add NET_ADMIN"),
    ],
)
def test_what_root_is_not_allowed_is_read_from_the_kernel(
    effective: str, missing: tuple[str, ...]
) -> None:
    status = f"Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t{effective}\n"
    assert missing_capabilities(status) == missing


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    assert existing(tmp_path / "cache" / "waas") == tmp_path
