"""The node runs pods as any other cluster's would: rights, names, addresses, GPUs, kubectl."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cluster.node import Node
from cluster.ports import free_ports
from cluster.reporting import terminal_report
from support.kubernetes_api import KubernetesApi, Refusal, Resource, jobs_path, pods_path
from support.node_pods import SERVE, create_pod, pod_spec, wait_for_phase
from support.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def image(node: Node, pytestconfig: pytest.Config) -> str:
    """An image with a Python."""
    from images.building import ensure
    from images.errors import ImagesUnavailable

    try:
        [reference] = ensure(["api"], terminal_report(pytestconfig)).values()
    except ImagesUnavailable as error:
        pytest.skip(str(error))
    node.load([reference])
    return reference


@pytest.fixture(scope="module")
def api(node: Node) -> Iterator[KubernetesApi]:
    with closing(KubernetesApi(node.kubeconfig)) as api:
        yield api


def kubectl_command(node: Node, *words: str) -> list[str]:
    kubectl = shutil.which("kubectl", path=str(Path(sys.executable).parent))
    assert kubectl is not None, "kubectl comes with `make setup`"
    return [kubectl, "--kubeconfig", str(node.kubeconfig), *words]


def kubectl(node: Node, *words: str) -> str:
    done = subprocess.run(
        kubectl_command(node, *words), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def web(api: KubernetesApi, restricted_namespace: str, image: str) -> Resource:
    """A pod that serves its files, behind a Service of the same name; returns the Service."""
    create_pod(api, restricted_namespace, "web", pod_spec(image, SERVE))
    service = api.create(
        f"/api/v1/namespaces/{restricted_namespace}/services",
        {
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8000}]},
        },
    )
    wait_for_phase(api, restricted_namespace, "web", "Running")
    return service


def answers(address: str) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return b"Directory listing" in answer.read()
        except OSError:
            return False

    return ask


def test_a_job_with_the_least_rights_runs_to_its_end_and_its_log_can_be_read(
    node: Node, api: KubernetesApi, restricted_namespace: str, image: str
) -> None:
    template = {"spec": pod_spec(image, "import os; print('user', os.getuid())")}
    api.create(
        jobs_path(restricted_namespace),
        {"metadata": {"name": "hello"}, "spec": {"template": template, "backoffLimit": 0}},
    )
    status = wait_until(
        lambda: (
            (found := api.get(jobs_path(restricted_namespace, "hello"))["status"]).get(
                "completionTime"
            )
            and found
        ),
        "the job completes",
    )
    assert status["succeeded"] == 1
    assert kubectl(node, "-n", restricted_namespace, "logs", "job/hello") == "user 65532\n"


def test_a_pod_that_wants_more_than_the_least_rights_is_refused(
    api: KubernetesApi, restricted_namespace: str, image: str
) -> None:
    spec = pod_spec(image, "")
    spec["containers"][0]["securityContext"] = {"privileged": True}
    with pytest.raises(Refusal, match="violates PodSecurity") as refusal:
        create_pod(api, restricted_namespace, "privileged", spec)
    assert refusal.value.status == 403


ASK_BY_NAME = """
import json, socket, urllib.request
print(json.dumps({
    "address": socket.gethostbyname("web"),
    "status": urllib.request.urlopen("http://web/", timeout=30).status,
    "full name": socket.getfqdn("web"),
}))
"""


def test_a_pod_reaches_a_service_by_its_name(
    api: KubernetesApi, restricted_namespace: str, image: str, node: Node, web: Resource
) -> None:
    wait_until(answers(f"http://{web['spec']['clusterIP']}/"), "the service has an endpoint")
    create_pod(api, restricted_namespace, "client", pod_spec(image, ASK_BY_NAME))
    wait_for_phase(api, restricted_namespace, "client", "Succeeded")
    told = json.loads(kubectl(node, "-n", restricted_namespace, "logs", "client"))
    assert told == {
        "address": web["spec"]["clusterIP"],
        "status": 200,
        "full name": f"web.{restricted_namespace}.svc.cluster.local",
    }


ASK_THE_API_SERVER = """
import pathlib, ssl, urllib.request
mounted = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
trust = ssl.create_default_context(cafile=mounted / "ca.crt")
token = (mounted / "token").read_text()
request = urllib.request.Request(
    "https://kubernetes.default/apis/batch/v1", headers={"Authorization": f"Bearer {token}"}
)
print(urllib.request.urlopen(request, context=trust, timeout=30).status)
"""


def test_a_pod_reaches_the_api_server_with_its_service_account(
    api: KubernetesApi, restricted_namespace: str, image: str, node: Node
) -> None:
    spec = pod_spec(image, ASK_THE_API_SERVER) | {"automountServiceAccountToken": True}
    create_pod(api, restricted_namespace, "client", spec)
    wait_for_phase(api, restricted_namespace, "client", "Succeeded")
    assert kubectl(node, "-n", restricted_namespace, "logs", "client") == "200\n"


ASK_OUTSIDE = """
import socket, time
began = time.monotonic()
for look in (lambda: socket.gethostbyname("example.com"),
             lambda: socket.create_connection(("192.0.2.77", 80), timeout=30)):
    try:
        look()
    except OSError as error:
        print(type(error).__name__)
print("soon" if time.monotonic() - began < 5 else "late")
"""


def test_a_pod_is_told_at_once_that_nothing_outside_can_be_reached(
    api: KubernetesApi, restricted_namespace: str, image: str, node: Node
) -> None:
    create_pod(api, restricted_namespace, "client", pod_spec(image, ASK_OUTSIDE))
    wait_for_phase(api, restricted_namespace, "client", "Succeeded")
    name, connection, speed = kubectl(node, "-n", restricted_namespace, "logs", "client").split()
    assert (name, speed) == ("gaierror", "soon")
    assert connection in ("ConnectionRefusedError", "OSError")


def test_kubectl_runs_a_command_in_a_pod(
    node: Node, restricted_namespace: str, web: Resource
) -> None:
    assert web
    code = "import os; print(os.getuid())"
    printed = kubectl(node, "-n", restricted_namespace, "exec", "web", "--", "python3", "-c", code)
    assert printed == "65532\n"


@contextmanager
def forwarded(node: Node, namespace: str) -> Iterator[str]:
    [port] = free_ports(1)
    command = kubectl_command(
        node, "-n", namespace, "port-forward", "pod/web", f"{port}:8000", "--address=127.0.0.1"
    )
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as forwarding:
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            forwarding.terminate()


def test_kubectl_forwards_a_port_to_a_pod(
    node: Node, restricted_namespace: str, web: Resource
) -> None:
    assert web
    with forwarded(node, restricted_namespace) as address:
        wait_until(answers(address), "the pod answers at this machine's port")


def test_this_machine_reaches_a_service_and_is_known_to_pods_by_the_address_of_the_node(
    node: Node, web: Resource
) -> None:
    address = web["spec"]["clusterIP"]
    wait_until(answers(f"http://{address}/"), "the service answers")
    with closing(socket.create_connection((address, 80), timeout=5)) as connection:
        assert connection.getsockname()[0] == node.address


@pytest.fixture
def gpus(node: Node) -> Iterator[Node]:
    yield node
    node.advertise_gpus(0)


def test_pods_wait_for_a_gpu_that_another_has(
    gpus: Node, api: KubernetesApi, restricted_namespace: str, image: str
) -> None:
    one = {"nvidia.com/gpu": "1"}
    for name in ("first", "second"):
        spec = pod_spec(image, SERVE, limits=one, requests=one)
        create_pod(api, restricted_namespace, name, spec)
    wait_until(lambda: reasons(api, restricted_namespace) == ["Unschedulable"] * 2, "both wait")

    gpus.advertise_gpus(1)
    wait_until(lambda: phases(api, restricted_namespace) == ["Pending", "Running"], "one runs")
    # Long enough for several heartbeats of the kubelet, each of which tells of the node's capacity.
    time.sleep(6)
    assert phases(api, restricted_namespace) == ["Pending", "Running"]

    gpus.advertise_gpus(2)
    wait_until(lambda: phases(api, restricted_namespace) == ["Running", "Running"], "both run")


def phases(api: KubernetesApi, namespace: str) -> list[str]:
    return sorted(pod["status"]["phase"] for pod in api.items(pods_path(namespace)))


def reasons(api: KubernetesApi, namespace: str) -> list[str]:
    return [
        condition["reason"]
        for pod in api.items(pods_path(namespace))
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]


def test_an_image_that_is_brought_again_is_not_brought_twice(node: Node, image: str) -> None:
    def archive(reference: str) -> tuple[str, ...]:
        raise AssertionError(f"{reference} is there already")

    node.load_from(archive, [image])
