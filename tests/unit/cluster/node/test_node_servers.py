from __future__ import annotations

import re
from pathlib import Path

import pytest

from cluster.node import node_servers
from cluster.node.configurations import NodeFolders
from cluster.servers import Server

FOLDERS = NodeFolders(Path("/run-folder"), Path("/cache/containerd"))
BINARIES = {name: Path("/bin") / name for name in node_servers.BINARIES}
PROGRAMS = {name: Path("/usr/bin") / name for name in ("containerd", "unshare", "nsenter")}

CONTAINERD = node_servers.containerd(PROGRAMS, FOLDERS)
KUBELET = node_servers.kubelet(BINARIES, PROGRAMS, FOLDERS, containerd_pid=42)
KUBE_PROXY = node_servers.kube_proxy(BINARIES, FOLDERS)
DNS = node_servers.dns(BINARIES, FOLDERS)
KUBE_ROUTER = node_servers.kube_router(BINARIES, FOLDERS)

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_containerd_begins_a_mount_namespace_with_folders_of_its_own() -> None:
    *launcher, script, name, volumes = CONTAINERD.launcher
    assert (
        Server(
            "containerd",
            ("/usr/bin/containerd", "--config=/run-folder/node/containerd.toml"),
            "http://10.244.255.1:1338/v1/metrics",
            {"PATH": SEARCH_PATH},
            CONTAINERD.launcher,
        )
        == CONTAINERD
    )
    assert launcher == ["/usr/bin/unshare", "--mount", "--propagation=slave", "/bin/sh", "-c"]
    assert re.findall(r" (/[a-z/]+)", script) == list(node_servers.COVERED_FOLDERS)
    assert script.strip().endswith('\nshift\nexec "$@"')
    assert (name, volumes) == ("sh", "/run-folder/node/kubelet")


def test_kubelet_joins_the_mount_namespace_of_containerd() -> None:
    assert (
        Server(
            "kubelet",
            (
                "/bin/kubelet",
                "--config=/run-folder/node/kubelet.json",
                "--kubeconfig=/run-folder/kubeconfigs/kubelet",
                "--root-dir=/var/lib/kubelet",
                "--hostname-override=waas-node",
                "--node-ip=10.244.255.1",
            ),
            "http://10.244.255.1:10248/healthz",
            {"PATH": SEARCH_PATH},
            ("/usr/bin/nsenter", "--mount=/proc/42/ns/mnt", "--"),
        )
        == KUBELET
    )


def test_kube_proxy() -> None:
    assert (
        Server(
            "kube-proxy",
            ("/bin/kube-proxy", "--config=/run-folder/node/kube-proxy.json"),
            "http://10.244.255.1:10256/healthz",
            {"PATH": SEARCH_PATH},
        )
        == KUBE_PROXY
    )


def test_dns() -> None:
    assert (
        Server(
            "coredns",
            ("/bin/coredns", "-conf", "/run-folder/node/Corefile"),
            "http://10.244.255.1:8181/ready",
        )
        == DNS
    )


def test_kube_router_sees_to_policies_and_to_nothing_else() -> None:
    assert (
        Server(
            "kube-router",
            (
                "/bin/kube-router",
                "--kubeconfig=/run-folder/kubeconfigs/kube-router",
                "--hostname-override=waas-node",
                "--run-firewall=true",
                "--run-router=false",
                "--run-service-proxy=false",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--health-port=0",
                "--metrics-addr=10.244.255.1",
                "--metrics-port=20241",
            ),
            "http://10.244.255.1:20241/healthz",
            {"PATH": SEARCH_PATH},
        )
        == KUBE_ROUTER
    )


@pytest.mark.parametrize(
    "server", [CONTAINERD, KUBELET, KUBE_PROXY, DNS, KUBE_ROUTER], ids=lambda each: each.name
)
def test_a_command_line_names_the_run_folder_by_which_its_process_is_recognised(
    server: Server,
) -> None:
    assert any("/run-folder/" in word for word in server.command)
