"""The chart as an administrator installs it on a real node, and what people see of it.

    PYTHONPATH=tests uv run python -m support.release

installs it, with the images of this checkout and the tests' weights, on the node that
root's `make cluster-up` started.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cluster import lifecycle
from cluster.binaries.machine import cache_folder
from cluster.control_plane import ControlPlane
from cluster.errors import ClusterError
from cluster.helm import helm_command
from cluster.node import Node
from cluster.run_folder import RunFolder
from images.building import ensure
from images.errors import ImagesError
from support.kubernetes_api import KubernetesApi, Resource, pods_path, secrets_path

CHART = Path(__file__).parents[2] / "charts/waas"
NAME = "waas"
IMAGES = ("api", "operator", "job", "minio")
NAMESPACE = "waas-system"
JOB_NAMESPACE = "newsroom"
JOB_NAMESPACES = (JOB_NAMESPACE, "research")

_WAIT = ("--wait", "--timeout", "480s")
_RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}


def image_value(reference: str) -> dict[str, str]:
    """Return the chart's value for an image, from a whole reference."""
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}


@dataclass(frozen=True)
class Release:
    """One installation of the chart."""

    kubeconfig: Path
    api: KubernetesApi
    helm: Path
    kubectl: Path
    images: Mapping[str, str]
    """References by the images' names: api, operator, job, minio."""
    api_clients: Sequence[Resource] = ()
    """Who may reach the api, as peers in a NetworkPolicy; empty: everybody."""

    pull: Resource = field(default_factory=dict)
    """What fills the model caches, as the chart's `modelCache.pull`; empty: they are full."""

    @classmethod
    def on(cls, kubeconfig: Path, images: Mapping[str, str]) -> Self:
        """Return the release of a cluster, with this environment's kubectl and helm."""
        kubectl = shutil.which("kubectl", path=str(Path(sys.executable).parent))
        assert kubectl is not None, "kubectl comes with `make setup`"
        return cls(kubeconfig, KubernetesApi(kubeconfig), helm_command(), Path(kubectl), images)

    def prepare(self, models: Path) -> None:
        """Make what an administrator has before the chart comes: a namespace and model caches.

        All of them are one folder of this machine.
        """
        wanted = [
            ("/api/v1/namespaces", {"metadata": {"name": NAMESPACE, "labels": _RESTRICTED}}),
            *(
                ("/api/v1/persistentvolumes", build_model_volume(namespace, models))
                for namespace in JOB_NAMESPACES
            ),
        ]
        for path, resource in wanted:
            if self.api.find(f"{path}/{resource['metadata']['name']}") is None:
                self.api.create(path, resource)

    def install(
        self,
        *,
        operator_image: str | None = None,
        api_settings: Mapping[str, Any] | None = None,
        chart: Path = CHART,
    ) -> None:
        """Install or upgrade, and wait until every Deployment has rolled out."""
        images = dict(self.images) | ({"operator": operator_image} if operator_image else {})
        values = build_values(images)
        values["api"]["settings"] = dict(api_settings or {})
        if self.pull:
            values["modelCache"] |= {"accessModes": ["ReadWriteOnce"], "pull": self.pull}
        values["networkPolicies"] = {
            "apiClients": list(self.api_clients),
            # A control plane of ours listens where there was room.
            "apiServer": {"ports": [self.api.port]},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(values, file)
            file.flush()
            self.run_helm("upgrade", "--install", NAME, str(chart), "--values", file.name, *_WAIT)

    def roll_back(self) -> None:
        """Return to the revision before, and wait until it has rolled out."""
        self.run_helm("rollback", NAME, *_WAIT)

    def uninstall(self) -> None:
        """Remove the release, and wait until what it ran is gone."""
        self.run_helm("uninstall", NAME, *_WAIT)

    def run_helm(self, *arguments: str) -> str:
        return self._run([self.helm, "--kubeconfig", self.kubeconfig, "-n", NAMESPACE, *arguments])

    def run_kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self._run([self.kubectl, "--kubeconfig", self.kubeconfig, *arguments], stdin)

    def _run(self, command: Sequence[str | Path], stdin: str | None = None) -> str:
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(f"{command[0]} failed:\n{result.stdout}{result.stderr}")
        return result.stdout

    def service_address(self, component: str) -> str:
        """Return host and port of a component's Service, as the cluster's programs reach it."""
        services = self.api.items(
            f"/api/v1/namespaces/{NAMESPACE}/services",
            labelSelector=f"app.kubernetes.io/component={component}",
        )
        [spec] = [each["spec"] for each in services]
        return f"{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def pods(self, component: str) -> list[Resource]:
        """Return a component's pods that were not told to end."""
        pods = self.api.items(
            pods_path(NAMESPACE), labelSelector=f"app.kubernetes.io/component={component}"
        )
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def logs(self, namespace: str, pod: str) -> str:
        return self.run_kubectl("logs", "-n", namespace, pod, "--all-containers")

    def secret(self, name: str) -> dict[str, str]:
        """Return a Secret's texts, as an administrator may read them."""
        data = self.api.get(secrets_path(NAMESPACE, name))["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def storage_password(self) -> str:
        """Return what nobody but the api, the operator and the store may hold."""
        return self.secret(f"{NAME}-object-storage")["secret-key"]


def build_values(images: Mapping[str, str]) -> dict[str, Any]:
    """Return the chart's values for a small machine with a store of its own."""
    small = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}}
    one_at_a_time = {"requests": {"cpu": "700m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}
    on_gpu = {"requests": {"cpu": "100m"}, "limits": {"nvidia.com/gpu": 1}}
    return {
        "jobNamespaces": [
            {"name": name, "modelCache": {"volumeName": f"models-{name}"}}
            for name in JOB_NAMESPACES
        ],
        "modelCache": {
            "storageClassName": "",
            "size": "1Gi",
            "accessModes": ["ReadOnlyMany"],
        },
        "api": {
            "image": image_value(images["api"]),
            "resources": small,
            "authentication": {"modes": ["none"]},
        },
        "operator": {
            "image": image_value(images["operator"]),
            "resources": small,
            "settings": {"progressIntervalSeconds": 1, "storagePatienceSeconds": 20},
        },
        "jobs": {
            "image": image_value(images["job"]),
            "profiles": {"default": {"resources": one_at_a_time}, "gpu": {"resources": on_gpu}},
        },
        "minio": {
            "enabled": True,
            "image": image_value(images["minio"]),
            "persistence": {"enabled": False},
            "resources": small,
        },
        "test": {"model": "tiny.en", "patienceSeconds": 180},
    }


def build_model_volume(namespace: str, models: Path) -> Resource:
    """Return a volume that is a folder of this machine, for the model cache of one namespace."""
    return {
        "metadata": {"name": f"models-{namespace}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadOnlyMany", "ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "hostPath": {"path": str(models), "type": "Directory"},
        },
    }


def main() -> int:
    """Install the chart on this machine's own node, and no other; returns the exit code."""
    from support.checkpoints import checkpoint_directory

    def report(message: str) -> None:
        sys.stderr.write(f"install: {message}\n")

    run = RunFolder.named("default", cache_folder())
    if not (lifecycle.is_up(run) and lifecycle.has_node(run)):
        report("there is no node on this machine; as root, `make cluster-up` starts one")
        return 1
    try:
        images = ensure(IMAGES, report)
        Node(ControlPlane.recorded(run)).load(images.values(), report)
    except (ClusterError, ImagesError) as error:
        report(str(error))
        return 1
    release = Release.on(run.kubeconfig, images)
    release.prepare(checkpoint_directory())
    release.install()
    report(f"installed in {NAMESPACE}; jobs run in {', '.join(JOB_NAMESPACES)}")
    report(f"try it from end to end: {release.helm} test --namespace {NAMESPACE} {NAME}")
    report(f"the api listens on http://{release.service_address('api')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
