"""The chart, installed on a control plane without nodes."""

import base64
import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.control_plane import ControlPlane
from support.chart import CHART, RELEASE, container
from support.kubernetes_api import KubernetesApi, Resource, jobs_path, pods_path, secrets_path
from support.waiting import wait_until


class HelmFailed(Exception):
    """What Helm said."""


@dataclass(frozen=True)
class Installation:
    """One release, whose pods nobody runs."""

    helm: Path
    control_plane: ControlPlane
    api: KubernetesApi
    namespace: str
    job_namespace: str
    folder: Path
    """Where Helm keeps what it keeps in a home."""

    def install(self, values: Mapping[str, Any]) -> str:
        """Install the chart; returns what Helm tells the user."""
        # The tests' CustomResourceDefinition is there before the release is.
        return self._run("install", RELEASE, str(CHART), "--take-ownership", values=values)

    def upgrade(self, values: Mapping[str, Any]) -> str:
        return self._run("upgrade", RELEASE, str(CHART), values=values)

    def uninstall(self) -> None:
        self._run("uninstall", RELEASE, "--wait")

    def _run(self, *arguments: str, values: Mapping[str, Any] | None = None) -> str:
        result = subprocess.run(
            [
                self.helm,
                *arguments,
                *("--kubeconfig", self.control_plane.kubeconfig),
                *("--namespace", self.namespace),
                *(("--values", "-") if values is not None else ()),
            ],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            input=json.dumps(self._with_namespace(values or {})),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise HelmFailed(result.stderr)
        return result.stdout

    def _with_namespace(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"jobNamespaces": [{"name": self.job_namespace}], **values}

    def deployments(self) -> list[Resource]:
        return self.api.items(f"/apis/apps/v1/namespaces/{self.namespace}/deployments")

    def deployment(self, component: str) -> Resource:
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments"
        return self.api.get(f"{path}/{RELEASE}-{component}")

    def pods(self, component: str) -> list[Resource]:
        selector = f"app.kubernetes.io/component={component}"
        return self.api.items(pods_path(self.namespace), labelSelector=selector)

    def wait_for_pods(self, **numbers: int) -> None:
        """Wait until each component has that many pods, or tell why it has none."""

        def are_made() -> bool:
            return all(len(self.pods(each)) == number for each, number in numbers.items())

        try:
            wait_until(are_made, f"there are pods: {numbers}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.complaints(self.namespace)}") from error

    def complaints(self, namespace: str) -> list[str]:
        """Return what controllers could not make in a namespace, and why."""
        events = self.api.items(
            f"/api/v1/namespaces/{namespace}/events", fieldSelector="reason=FailedCreate"
        )
        return [each["message"] for each in events]

    def kubeconfig_of(self, component: str) -> Path:
        """Return a kubeconfig for the ServiceAccount of a component."""
        user = f"system:serviceaccount:{self.namespace}:{RELEASE}-{component}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}"]
        return self.control_plane.kubeconfig_for(user, groups)

    def job(self, component: str) -> Resource:
        """Return the one Job of the release by which a component runs once."""
        selector = f"app.kubernetes.io/component={component}"
        [found] = self.api.items(jobs_path(self.namespace), labelSelector=selector)
        return found

    def variables_of(self, workload: Resource) -> dict[str, str]:
        """Return a container's environment with what comes from Secrets, as the kubelet does."""
        return dict(self._read_variables(container(workload)["env"]))

    def _read_variables(self, variables: list[Resource]) -> Iterator[tuple[str, str]]:
        for each in variables:
            if "value" in each:
                yield each["name"], each["value"].replace("$$", "$")
            elif "fieldRef" in each["valueFrom"]:
                own = {"metadata.namespace": self.namespace, "metadata.name": "a-pod"}
                yield each["name"], own[each["valueFrom"]["fieldRef"]["fieldPath"]]
            else:
                reference = each["valueFrom"]["secretKeyRef"]
                yield each["name"], self.read_secret(reference["name"])[reference["key"]]

    def read_secret(self, name: str) -> dict[str, str]:
        data = self.api.get(secrets_path(self.namespace, name))["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def remove(self) -> None:
        """Take the release away, and what outlived it."""
        with contextlib.suppress(HelmFailed):
            self.uninstall()
        for name in (self.namespace, self.job_namespace):
            if self.api.find(f"/api/v1/namespaces/{name}") is not None:
                self.api.delete(f"/api/v1/namespaces/{name}")
