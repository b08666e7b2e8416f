from __future__ import annotations

import json
import tomllib
from pathlib import Path

from cluster.node import configurations
from cluster.node.configurations import NodeFolders

FOLDERS = NodeFolders(Path("/run-folder"), Path("/cache/containerd"))


def test_containerd() -> None:
    written = configurations.containerd(
        FOLDERS, Path("/usr/lib/cni"), Path("/usr/sbin/runc"), "docker.io/library/waas-pause:1"
    )
    assert tomllib.loads(written) == {
        "version": 2,
        "root": "/cache/containerd",
        "state": "/run/waas-node/containerd",
        "disabled_plugins": [
            "io.containerd.internal.v1.opt",
            "io.containerd.nri.v1.nri",
            "io.containerd.snapshotter.v1.aufs",
            "io.containerd.snapshotter.v1.btrfs",
            "io.containerd.snapshotter.v1.devmapper",
            "io.containerd.snapshotter.v1.zfs",
        ],
        "grpc": {"address": "/run/waas-node/containerd.sock"},
        "metrics": {"address": "10.244.255.1:1338"},
        "plugins": {
            "io.containerd.grpc.v1.cri": {
                "sandbox_image": "docker.io/library/waas-pause:1",
                "disable_apparmor": True,
                "restrict_oom_score_adj": True,
                "netns_mounts_under_state_dir": True,
                "cni": {"bin_dir": "/usr/lib/cni", "conf_dir": "/run-folder/node/networks"},
                "containerd": {
                    "runtimes": {
                        "runc": {
                            "runtime_type": "io.containerd.runc.v2",
                            "options": {
                                "BinaryName": "/usr/sbin/runc",
                                "Root": "/run/waas-node/runc",
                                "SystemdCgroup": False,
                            },
                        }
                    }
                },
            }
        },
    }


def test_pod_network() -> None:
    assert json.loads(configurations.pod_network(FOLDERS)) == {
        "cniVersion": "0.4.0",
        "name": "waas",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "waas0",
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/run-folder/node/pod-addresses",
                    "ranges": [[{"subnet": "10.244.0.0/24", "gateway": "10.244.0.1"}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def test_kubelet() -> None:
    assert json.loads(configurations.kubelet(FOLDERS)) == {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "10.244.255.1",
        "healthzBindAddress": "10.244.255.1",
        "healthzPort": 10248,
        "tlsCertFile": "/run-folder/tls/kubelet.crt",
        "tlsPrivateKeyFile": "/run-folder/tls/kubelet.key",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/run-folder/tls/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": "unix:///run/waas-node/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/waas-node",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local",
        "resolvConf": "/run-folder/node/resolv.conf",
        "podLogsDir": "/run-folder/logs/pods",
        "volumePluginDir": "/run-folder/node/volume-plugins",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "500Mi"},
        "makeIPTablesUtilChains": False,
        "nodeStatusUpdateFrequency": "2s",
    }


def test_kube_proxy() -> None:
    assert json.loads(configurations.kube_proxy(FOLDERS)) == {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": "/run-folder/kubeconfigs/kube-proxy"},
        "hostnameOverride": "waas-node",
        "bindAddress": "10.244.255.1",
        "healthzBindAddress": "10.244.255.1:10256",
        "metricsBindAddress": "10.244.255.1:10249",
        "detectLocalMode": "ClusterCIDR",
        "clusterCIDR": "10.244.0.0/16",
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def test_dns_knows_the_cluster_and_says_at_once_that_it_knows_nothing_else() -> None:
    lines = [line.strip() for line in configurations.dns(FOLDERS).splitlines()]
    assert [line for line in lines if not line.startswith("#")] == [
        "cluster.local in-addr.arpa ip6.arpa {",
        "bind 10.244.255.1",
        "errors",
        "ready 10.244.255.1:8181",
        "kubernetes {",
        "kubeconfig /run-folder/kubeconfigs/coredns",
        "}",
        "}",
        ". {",
        "bind 10.244.255.1",
        "errors",
        "template ANY ANY . {",
        "rcode NXDOMAIN",
        "}",
        "}",
    ]


def test_a_pod_with_the_resolver_of_the_node_asks_the_dns_of_the_cluster() -> None:
    assert configurations.resolver() == "nameserver 10.244.255.1\n"
