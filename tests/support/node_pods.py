"""Pods of a test's own on a node: what they may do, and what becomes of them."""

from collections.abc import Mapping

from support.kubernetes_api import KubernetesApi, Resource, pods_path
from support.waiting import wait_until

LEAST_RIGHTS_OF_POD: Resource = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
LEAST_RIGHTS_OF_CONTAINER: Resource = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
SERVE = (
    "from http.server import *; HTTPServer(('', 8000), SimpleHTTPRequestHandler).serve_forever()"
)
"""Answers at port 8000."""


def pod_spec(image: str, code: str, **resources: Resource) -> Resource:
    """Return a pod that runs Python code with the least rights."""
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": LEAST_RIGHTS_OF_POD,
        "containers": [
            {
                "name": "main",
                "image": image,
                "imagePullPolicy": "Never",
                "command": ["python3", "-c", code],
                "securityContext": LEAST_RIGHTS_OF_CONTAINER,
                "resources": resources,
            }
        ],
    }


def create_pod(
    api: KubernetesApi,
    namespace: str,
    name: str,
    spec: Resource,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Create a pod, by default with its name as the label `app`."""
    metadata = {"name": name, "labels": dict(labels or {"app": name})}
    api.create(pods_path(namespace), {"metadata": metadata, "spec": spec})


def wait_for_phase(api: KubernetesApi, namespace: str, name: str, phase: str) -> Resource:
    """Return the pod once it is in that phase; fail where it ends in another one."""

    def has_it() -> Resource | None:
        pod = api.get(pods_path(namespace, name))
        found: str = pod["status"]["phase"]
        assert found == phase or found in ("Pending", "Running"), found
        return pod if found == phase else None

    found = wait_until(has_it, f"{name} is {phase}")
    assert found is not None
    return found
