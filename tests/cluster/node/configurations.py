"""The configuration files of the node's servers, without any I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cluster.node import places

# Standard ports: nothing else listens on the node's address.
CONTAINERD_METRICS_PORT = 1338
KUBELET_HEALTH_PORT = 10248
KUBE_PROXY_METRICS_PORT = 10249
KUBE_PROXY_HEALTH_PORT = 10256
DNS_READY_PORT = 8181
KUBE_ROUTER_METRICS_PORT = 20241


@dataclass(frozen=True)
class NodeFolders:
    """What the node's servers keep in the run folder, and the images, which outlive the run."""

    run: Path
    images: Path

    @property
    def configurations(self) -> Path:
        """One file per server."""
        return self.run / "node"

    @property
    def networks(self) -> Path:
        """The list of CNI plugins."""
        return self.run / "node" / "networks"

    @property
    def pod_addresses(self) -> Path:
        """Which pod has which address."""
        return self.run / "node" / "pod-addresses"

    @property
    def volumes(self) -> Path:
        """The kubelet's own folder, with the pods' volumes."""
        return self.run / "node" / "kubelet"

    @property
    def resolver(self) -> Path:
        """The resolv.conf of pods that take the node's."""
        return self.run / "node" / "resolv.conf"


def containerd(folders: NodeFolders, plugins: Path, runc: Path, pause_image: str) -> str:
    """Returns containerd's configuration, as TOML (whose strings are written like JSON's)."""
    text = json.dumps
    return f"""version = 2
root = {text(str(folders.images))}
state = {text(f"{places.STATE}/containerd")}
disabled_plugins = [
    "io.containerd.internal.v1.opt",
    "io.containerd.nri.v1.nri",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = {text(str(places.SOCKET))}

[metrics]
address = "{places.ADDRESS}:{CONTAINERD_METRICS_PORT}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = {text(pause_image)}
# Neither the profile nor the program that loads it comes with containerd's package.
disable_apparmor = true
# Where root lacks CAP_SYS_RESOURCE, no process may get a lower score than containerd's own.
restrict_oom_score_adj = true
# So that a network namespace's mount goes with the state, not into /var/run/netns.
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = {text(str(plugins))}
conf_dir = {text(str(folders.networks))}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = {text(str(runc))}
Root = {text(f"{places.STATE}/runc")}
SystemdCgroup = false
"""


def pod_network(folders: NodeFolders) -> str:
    """Returns the list of CNI plugins: a bridge, and neither masquerading nor host ports.

    The bridge's addresses are set beforehand: the plugin refuses a bridge that has one it did not
    set, and would leave its own behind.
    """
    return json.dumps(
        {
            "cniVersion": "0.4.0",
            "name": "waas",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": places.BRIDGE,
                    # A pod may reach itself through a Service.
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "dataDir": str(folders.pod_addresses),
                        "ranges": [
                            [{"subnet": places.POD_ADDRESSES, "gateway": places.POD_GATEWAY}]
                        ],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                }
            ],
        },
        indent=2,
    )


def kubelet(folders: NodeFolders) -> str:
    """Returns the kubelet's configuration, which keeps to the run folder and the node's address."""
    tls = folders.run / "tls"
    return json.dumps(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": places.ADDRESS,
            "healthzBindAddress": places.ADDRESS,
            "healthzPort": KUBELET_HEALTH_PORT,
            "tlsCertFile": str(tls / "kubelet.crt"),
            "tlsPrivateKeyFile": str(tls / "kubelet.key"),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(tls / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{places.SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{places.CGROUP}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "clusterDNS": [places.DNS_ADDRESS],
            "clusterDomain": "cluster.local",
            # Not this machine's, whose search domains and name servers are not the cluster's.
            "resolvConf": str(folders.resolver),
            "podLogsDir": str(folders.run / "logs" / "pods"),
            "volumePluginDir": str(folders.configurations / "volume-plugins"),
            # The images are there for the next test; 100 % turns their collection off.
            "imageGCHighThresholdPercent": 100,
            # Absolute, since a tenth of a large disk or memory is plenty.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "500Mi"},
            # No chains of its own in iptables.
            "makeIPTablesUtilChains": False,
            # How soon a changed capacity shows.
            "nodeStatusUpdateFrequency": "2s",
        },
        indent=2,
    )


def kube_proxy(folders: NodeFolders) -> str:
    """Returns kube-proxy's configuration, which leaves the machine's own settings alone."""
    return json.dumps(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": str(folders.run / "kubeconfigs" / "kube-proxy")},
            "hostnameOverride": places.NAME,
            "bindAddress": places.ADDRESS,
            "healthzBindAddress": f"{places.ADDRESS}:{KUBE_PROXY_HEALTH_PORT}",
            "metricsBindAddress": f"{places.ADDRESS}:{KUBE_PROXY_METRICS_PORT}",
            "detectLocalMode": "ClusterCIDR",
            "clusterCIDR": places.CLUSTER_ADDRESSES,
            # Zero leaves the kernel's connection tracking as it is.
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        },
        indent=2,
    )


def dns(folders: NodeFolders) -> str:
    """Returns CoreDNS' configuration: the cluster's names, and no others.

    Two blocks, since `template` comes before `kubernetes` wherever both would answer.
    """
    return f"""cluster.local in-addr.arpa ip6.arpa {{
    bind {places.ADDRESS}
    errors
    ready {places.ADDRESS}:{DNS_READY_PORT}
    kubernetes {{
        kubeconfig {folders.run}/kubeconfigs/coredns
    }}
}}
. {{
    bind {places.ADDRESS}
    errors
    # No server outside is asked, so every other name is unknown: at once, rather than after a wait.
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def resolver() -> str:
    """Returns the resolv.conf of a pod that does not use the cluster's search domains."""
    return f"nameserver {places.ADDRESS}\n"
