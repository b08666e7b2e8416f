"""Every pod on the node has a NetworkPolicy; whether the network enforces it is the network's."""

import pytest

from support.desk import Desk
from support.kubernetes_api import Resource, pods_path
from support.release import JOB_NAMESPACE, NAMESPACE, Release
from support.speech import librivox_clip

pytestmark = pytest.mark.e2e


def policies(release: Release, namespace: str) -> list[Resource]:
    return release.api.items(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies")


def applies(policy: Resource, pod: Resource) -> bool:
    wanted: dict[str, str] = policy["spec"]["podSelector"]["matchLabels"]
    labels: dict[str, str] = pod["metadata"]["labels"]
    return wanted.items() <= labels.items()


def test_every_pod_has_one_policy_in_both_directions(release: Release, desk: Desk) -> None:
    desk.create(
        "networked", model="tiny.en", source={"key": desk.put_audio("c", librivox_clip("0880"))}
    )
    desk.wait_for_end("networked")

    for namespace in (NAMESPACE, JOB_NAMESPACE):
        pods = release.api.items(pods_path(namespace))
        assert pods
        for pod in pods:
            [policy] = [each for each in policies(release, namespace) if applies(each, pod)]
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"], pod["metadata"]["name"]


def test_pods_of_jobs_reach_the_store_and_name_servers_alone(release: Release) -> None:
    [policy] = policies(release, JOB_NAMESPACE)

    assert policy["spec"].get("ingress", []) == []
    names, store = policy["spec"]["egress"]
    assert {(each["protocol"], each["port"]) for each in names["ports"]} == {
        ("UDP", 53),
        ("TCP", 53),
    }
    assert store["ports"] == [{"protocol": "TCP", "port": 9000}]
    [peer] = store["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": NAMESPACE}
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "minio"
