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


def test_dns_may_list_and_watch_and_nothing_else() -> None:
    [(_, role), (_, binding)] = manifests.dns_rights()
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch"}
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [subject["name"] for subject in binding["subjects"]] == [manifests.DNS_USER]


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
