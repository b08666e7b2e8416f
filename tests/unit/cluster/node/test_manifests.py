from __future__ import annotations

import pytest

from cluster.node import manifests


def test_dns_is_a_service_that_leads_to_a_process_on_the_node() -> None:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    assert manifests.dns_service() == [
        (
            "/api/v1/namespaces/kube-system/services",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "kube-dns", "namespace": "kube-system"},
                "spec": {"clusterIP": "10.96.0.10", "ports": ports},
            },
        ),
        (
            "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": "kube-dns",
                    "namespace": "kube-system",
                    "labels": {"kubernetes.io/service-name": "kube-dns"},
                },
                "addressType": "IPv4",
                "ports": ports,
                "endpoints": [{"addresses": ["10.244.255.1"]}],
            },
        ),
    ]


def test_the_node_s_servers_may_look_at_what_they_follow_and_at_nothing_else() -> None:
    granted = manifests.rights()
    roles = {each["metadata"]["name"]: each for _, each in granted if each["kind"] == "ClusterRole"}
    bindings = [each for _, each in granted if each["kind"] == "ClusterRoleBinding"]
    resources = {
        user: {resource for rule in role["rules"] for resource in rule["resources"]}
        for user, role in roles.items()
    }
    names = {"endpoints", "endpointslices", "namespaces", "pods", "services"}
    assert resources == {
        manifests.DNS_USER: names,
        manifests.POLICY_USER: names | {"networkpolicies", "nodes"},
    }
    verbs = {verb for role in roles.values() for rule in role["rules"] for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch"}
    assert {each["subjects"][0]["name"]: each["roleRef"]["name"] for each in bindings} == {
        user: user for user in roles
    }


@pytest.mark.parametrize(("count", "quantity"), [(2, "2"), (0, None)])
def test_gpus_are_a_patch_of_the_status(count: int, quantity: str | None) -> None:
    assert manifests.gpus(count) == {
        "status": {
            "capacity": {"nvidia.com/gpu": quantity},
            "allocatable": {"nvidia.com/gpu": quantity},
        }
    }


def test_a_restricted_namespace_enforces_the_strictest_standard() -> None:
    assert manifests.restricted_namespace("jobs") == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "jobs",
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    }
