"""Every pod on the node has a NetworkPolicy, and reaches what that allows and nothing else."""

import json
from collections.abc import Iterator, Mapping

import pytest

from cluster.node import Node
from support.kubernetes_api import Resource, pods_path
from support.node_pods import SERVE, create_pod, pod_spec, wait_for_phase
from support.release import JOB_NAMESPACE, NAME, NAMESPACE, Release
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

# Names are resolved by the cluster's name servers: who may not ask them gets "unknown".
CONNECT = """
import json, socket, sys
def found(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.getaddrinfo(host, port)
    except OSError:
        return "unknown"
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError:
        return "closed"
    return "open"
print(json.dumps({address: found(address) for address in sys.argv[1:]}))
"""
SLEEP = "import time; time.sleep(3600)"

API = f"{NAME}-api.{NAMESPACE}.svc.cluster.local:80"
STORE = f"{NAME}-minio.{NAMESPACE}.svc.cluster.local:9000"
API_SERVER = "kubernetes.default.svc.cluster.local:443"


def policies(release: Release, namespace: str) -> list[Resource]:
    return release.api.items(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies")


def applies(policy: Resource, pod: Resource) -> bool:
    wanted: dict[str, str] = policy["spec"]["podSelector"]["matchLabels"]
    labels: dict[str, str] = pod["metadata"]["labels"]
    return wanted.items() <= labels.items()


def test_every_pod_has_one_policy_in_both_directions(
    release: Release, transcribed: Resource
) -> None:
    assert transcribed
    for namespace in (NAMESPACE, JOB_NAMESPACE):
        pods = release.api.items(pods_path(namespace))
        assert pods
        for pod in pods:
            [policy] = [each for each in policies(release, namespace) if applies(each, pod)]
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"], pod["metadata"]["name"]


@pytest.fixture(scope="module")
def neighbours(release: Release) -> Iterator[dict[str, Resource]]:
    """Pods beside those of the release: as a job's, as a client of the api, and as neither."""
    [of_jobs] = [
        each
        for each in policies(release, JOB_NAMESPACE)
        if each["metadata"]["name"] == f"{NAME}-jobs"
    ]
    [of_clients] = release.api_clients
    labels: dict[str, Mapping[str, str]] = {
        "job": of_jobs["spec"]["podSelector"]["matchLabels"],
        "client": of_clients["podSelector"]["matchLabels"],
        "stranger": {"app": "stranger"},
    }
    for name, own in labels.items():
        spec = pod_spec(release.images["api"], SERVE if name == "stranger" else SLEEP)
        create_pod(release.api, JOB_NAMESPACE, name, spec, own)
    yield {name: wait_for_phase(release.api, JOB_NAMESPACE, name, "Running") for name in labels}
    for name in labels:
        release.api.delete(pods_path(JOB_NAMESPACE, name))


OPEN_TO_ALL = {"API server", "kubelet", "metrics", "stranger"}
"""What no policy of the release keeps anybody from."""


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        pytest.param("job", {"store"}, id="of a job"),
        pytest.param("client", {"api"} | OPEN_TO_ALL, id="of a client of the api"),
        pytest.param("stranger", OPEN_TO_ALL, id="of anybody else"),
    ],
)
def test_policies_let_through_no_more_than_they_say_from_a_pod(
    name: str,
    reached: set[str],
    release: Release,
    node: Node,
    neighbours: dict[str, Resource],
) -> None:
    addresses = {
        "api": API,
        "store": STORE,
        "API server": API_SERVER,
        "kubelet": f"{node.address}:10250",
        "metrics": f"{release.pods('operator')[0]['status']['podIP']}:8080",
        "stranger": f"{neighbours['stranger']['status']['podIP']}:8000",
    }
    expected = {
        address: "open" if what in reached else "closed" for what, address in addresses.items()
    }

    def found() -> dict[str, str]:
        printed = release.run_kubectl(
            "exec", "-n", JOB_NAMESPACE, name, "--", "python3", "-c", CONNECT, *addresses.values()
        )
        seen: dict[str, str] = json.loads(printed)
        return seen

    # A pod's policies are in effect soon after it has an address, not at once.
    wait_until(lambda: found() == expected, f"the {name} reaches {reached} alone")
