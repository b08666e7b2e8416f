"""The Kubernetes resources that a node comes with, without any I/O."""

from __future__ import annotations

from typing import Any

from cluster.node import places

Manifest = dict[str, Any]

DNS_USER = "system:coredns"
POLICY_USER = "system:kube-router"

_RBAC = "rbac.authorization.k8s.io"
_DNS_PORTS = [
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
]


def rights() -> list[tuple[str, Manifest]]:
    """Returns what lets CoreDNS read names and kube-router policies, each with its collection."""
    slices = {"discovery.k8s.io": ["endpointslices"]}
    return [
        *_rights(DNS_USER, {"": ["endpoints", "services", "pods", "namespaces"]} | slices),
        *_rights(
            POLICY_USER,
            {"": ["endpoints", "services", "pods", "namespaces", "nodes"]}
            | slices
            | {"networking.k8s.io": ["networkpolicies"]},
        ),
    ]


def _rights(user: str, resources: dict[str, list[str]]) -> list[tuple[str, Manifest]]:
    """Returns what lets a user look at resources, which are named by API group."""
    role: Manifest = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": user},
        "rules": [
            {"apiGroups": [group], "resources": names, "verbs": ["get", "list", "watch"]}
            for group, names in resources.items()
        ],
    }
    binding: Manifest = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user}],
    }
    return [
        (f"/apis/{_RBAC}/v1/clusterroles", role),
        (f"/apis/{_RBAC}/v1/clusterrolebindings", binding),
    ]


def dns_service() -> list[tuple[str, Manifest]]:
    """Returns the DNS Service, which leads to the CoreDNS process of this machine."""
    metadata = {"name": "kube-dns", "namespace": "kube-system"}
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"clusterIP": places.DNS_ADDRESS, "ports": _DNS_PORTS},
    }
    endpoints: Manifest = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata | {"labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "ports": _DNS_PORTS,
        "endpoints": [{"addresses": [places.ADDRESS]}],
    }
    return [
        ("/api/v1/namespaces/kube-system/services", service),
        ("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices", endpoints),
    ]


def restricted_namespace(name: str) -> Manifest:
    """Returns a namespace whose pods must keep to the strictest Pod Security Standard."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }


def gpus(count: int) -> Manifest:
    """Returns the patch of a Node's status that gives it GPUs to schedule on, or none."""
    quantity = {"nvidia.com/gpu": str(count) if count else None}
    # The kubelet derives what is allocatable from the capacity, but only with its next heartbeat.
    return {"status": {"capacity": quantity, "allocatable": quantity}}
