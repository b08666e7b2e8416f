from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster.errors import StartFailed
from cluster.node.cgroups import hierarchies
from cluster.node.clearing import is_server, is_shim, run_all
from cluster.node.network import our_links, our_tables
from cluster.run_folder import RunFolder

V1_MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup /sys/fs/cgroup/name\\040d cgroup rw,relatime,name=d 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
tmpfs /mnt/cgroup tmpfs rw 0 0
"""
V2_MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate 0 0
"""


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        pytest.param(
            V1_MOUNTS,
            ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/name d", "/sys/fs/cgroup/unified"],
            id="version 1, and 2 beside it",
        ),
        pytest.param(V2_MOUNTS, ["/sys/fs/cgroup"], id="version 2"),
    ],
)
def test_cgroups_are_looked_for_in_every_hierarchy(mounts: str, found: list[str]) -> None:
    assert hierarchies(mounts) == [Path(each) for each in found]


def test_links_of_the_node_are_the_bridge_and_what_is_attached_to_it() -> None:
    listed = [
        {"ifname": "lo"},
        {"ifname": "eth0"},
        {"ifname": "docker0"},
        {"ifname": "vethdocker", "master": "docker0"},
        {"ifname": "waas0"},
        {"ifname": "veth1", "master": "waas0"},
        {},
        {"ifname": "veth2", "master": "waas0"},
    ]
    assert our_links(json.dumps(listed)) == ["veth1", "veth2", "waas0"]
    assert our_links("[]") == []


def test_tables_of_the_node_are_known_by_family_and_name() -> None:
    listed = {
        "nftables": [
            {"metainfo": {"version": "1.0.6"}},
            {"table": {"family": "ip", "name": "filter", "handle": 1}},
            {"table": {"family": "ip6", "name": "kube-proxy", "handle": 2}},
            {"table": {"family": "inet", "name": "waas-node", "handle": 3}},
            {"table": {"family": "ip", "name": "waas-node", "handle": 4}},
            {"table": {"family": "ip", "name": "kube-proxy", "handle": 5}},
        ]
    }
    assert our_tables(json.dumps(listed)) == [
        ("inet", "waas-node"),
        ("ip", "kube-proxy"),
        ("ip6", "kube-proxy"),
    ]


SHIM = "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id abc -address"


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        pytest.param(f"{SHIM} /run/waas-node/containerd.sock", True, id="of our containerd"),
        pytest.param(f"{SHIM} /run/containerd/containerd.sock", False, id="of the machine's own"),
        pytest.param("vim /run/waas-node/containerd.sock", False, id="another program"),
        pytest.param("ctr -address /run/waas-node/containerd.sock", False, id="a client"),
        pytest.param("", False, id="a kernel thread"),
    ],
)
def test_a_shim_is_ours_by_the_socket_that_it_was_told(command: str, ours: bool) -> None:
    assert is_shim(command.split()) is ours


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        pytest.param("/bin/kubelet-v1.36.2 --config=/cache/run/a/node/k.json", True, id="kubelet"),
        pytest.param("/bin/etcd --data-dir=/cache/run/a/etcd", True, id="a data store"),
        pytest.param("/bin/etcd --data-dir=/cache/run/ab/etcd", False, id="another run's"),
        pytest.param("/bin/less /cache/run/a/logs/kubelet", False, id="somebody who reads a log"),
        pytest.param("", False, id="a kernel thread"),
    ],
)
def test_a_server_is_known_by_its_run_even_when_that_has_no_record(
    command: str, ours: bool
) -> None:
    assert is_server(command.split(), RunFolder(Path("/cache/run/a"))) is ours


def test_every_step_is_taken_even_after_one_that_failed_and_the_first_failure_is_told() -> None:
    taken: list[str] = []

    def fail(name: str) -> None:
        taken.append(name)
        raise StartFailed(name)

    with pytest.raises(StartFailed, match="rules"):
        run_all(lambda: fail("rules"), lambda: taken.append("tables"), lambda: fail("links"))
    assert taken == ["rules", "tables", "links"]
