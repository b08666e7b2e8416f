"""The command line of each of the node's servers, without any I/O.

containerd and the kubelet share a mount namespace of their own. All that they and the pods mount
goes with the last of their processes, however it ends. And some folders, whose paths are compiled
into these programs, are covered there, so that a containerd or a kubelet which this machine already
has never meets ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cluster.node import configurations, places
from cluster.node.configurations import NodeFolders
from cluster.servers import Binaries, Server

NAMES = ("containerd", "kubelet", "kube-proxy", "coredns", "kube-router")
# What must be downloaded or built; containerd is a package of the distribution.
BINARIES = ("kubelet", "kube-proxy", "coredns", "kube-router")

# The run's own folder is mounted here: the kubelet's sockets need a short path, and device plugins
# look for theirs in no other place.
_KUBELET_FOLDER = "/var/lib/kubelet"
# These hold the shims' sockets, networks' results, links to pods' logs.
_EMPTIED_FOLDERS = ("/run/containerd", "/var/lib/cni", "/var/log/containers")
COVERED_FOLDERS = (_KUBELET_FOLDER, *_EMPTIED_FOLDERS)

_COVER = f"""
mount --bind "$1" {_KUBELET_FOLDER} || exit 1
for folder in {" ".join(_EMPTIED_FOLDERS)}; do
    mount -t tmpfs -o mode=755 tmpfs "$folder" || exit 1
done
shift
exec "$@"
"""

_ENVIRONMENT = {"PATH": places.SEARCH_PATH}


def containerd(programs: Mapping[str, Path], folders: NodeFolders) -> Server:
    """Returns containerd, which starts the mount namespace."""
    return Server(
        "containerd",
        (str(programs["containerd"]), f"--config={folders.configurations}/containerd.toml"),
        f"http://{places.ADDRESS}:{configurations.CONTAINERD_METRICS_PORT}/v1/metrics",
        _ENVIRONMENT,
        launcher=(
            str(programs["unshare"]),
            "--mount",
            # What is mounted outside is seen inside, and not the other way round.
            "--propagation=slave",
            "/bin/sh",
            "-c",
            _COVER,
            "sh",
            str(folders.volumes),
        ),
    )


def kubelet(
    binaries: Binaries, programs: Mapping[str, Path], folders: NodeFolders, containerd_pid: int
) -> Server:
    """Returns the kubelet, which joins containerd's mount namespace."""
    return Server(
        "kubelet",
        (
            str(binaries["kubelet"]),
            f"--config={folders.configurations}/kubelet.json",
            f"--kubeconfig={folders.run}/kubeconfigs/kubelet",
            f"--root-dir={_KUBELET_FOLDER}",
            f"--hostname-override={places.NAME}",
            f"--node-ip={places.ADDRESS}",
        ),
        f"http://{places.ADDRESS}:{configurations.KUBELET_HEALTH_PORT}/healthz",
        _ENVIRONMENT,
        launcher=(str(programs["nsenter"]), f"--mount=/proc/{containerd_pid}/ns/mnt", "--"),
    )


def kube_proxy(binaries: Binaries, folders: NodeFolders) -> Server:
    """Returns kube-proxy, which makes Services reachable from pods and from this machine."""
    return Server(
        "kube-proxy",
        (str(binaries["kube-proxy"]), f"--config={folders.configurations}/kube-proxy.json"),
        f"http://{places.ADDRESS}:{configurations.KUBE_PROXY_HEALTH_PORT}/healthz",
        _ENVIRONMENT,
    )


def dns(binaries: Binaries, folders: NodeFolders) -> Server:
    """Returns CoreDNS, as a process beside the cluster's pods rather than as one of them."""
    return Server(
        "coredns",
        (str(binaries["coredns"]), "-conf", f"{folders.configurations}/Corefile"),
        f"http://{places.ADDRESS}:{configurations.DNS_READY_PORT}/ready",
    )


def kube_router(binaries: Binaries, folders: NodeFolders) -> Server:
    """Returns kube-router, which puts NetworkPolicies into effect, and does nothing else."""
    return Server(
        "kube-router",
        (
            str(binaries["kube-router"]),
            f"--kubeconfig={folders.run}/kubeconfigs/kube-router",
            f"--hostname-override={places.NAME}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            f"--service-cluster-ip-range={places.SERVICE_ADDRESSES}",
            # It would tell of its health on every address; where it has metrics, it does too.
            "--health-port=0",
            f"--metrics-addr={places.ADDRESS}",
            f"--metrics-port={configurations.KUBE_ROUTER_METRICS_PORT}",
        ),
        f"http://{places.ADDRESS}:{configurations.KUBE_ROUTER_METRICS_PORT}/healthz",
        _ENVIRONMENT,
    )
