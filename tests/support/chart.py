"""The chart as Helm renders it, without a cluster."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.kubernetes_api import Resource

CHART = Path(__file__).parents[2] / "charts/waas"
RELEASE = "waas"
NAMESPACE = "waas-system"

STORE: dict[str, Any] = {
    "objectStorage": {
        "endpoint": "http://store.example:9000",
        "accessKey": "key",
        "secretKey": "s3cret-s3cret",
    }
}
"""The least that an installation has to say."""


class RenderingRefused(Exception):
    """Helm's no, with its words."""


@dataclass(frozen=True)
class Manifests:
    """All that one rendering gave."""

    resources: tuple[Resource, ...]

    def find(self, kind: str, name: str, namespace: str | None = None) -> Resource:
        """Return the one resource of that kind and name."""
        [found] = [
            each
            for each in self.of_kind(kind)
            if each["metadata"]["name"] == name
            and namespace in (None, each["metadata"].get("namespace"))
        ]
        return found

    def of_kind(self, kind: str) -> Iterator[Resource]:
        return (each for each in self.resources if each["kind"] == kind)

    def names(self, kind: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.of_kind(kind)]


@dataclass(frozen=True)
class Chart:
    """The chart and the Helm that renders it."""

    helm: Path

    def render(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        release: str = RELEASE,
        namespace: str = NAMESPACE,
        kubernetes: str | None = None,
    ) -> Manifests:
        """Return what an installation with these values would send, or raise RenderingRefused."""
        version = ["--kube-version", kubernetes] if kubernetes else []
        result = subprocess.run(
            [
                *(self.helm, "template", release, CHART, "--namespace", namespace),
                *("--values", "-", *version),
            ],
            input=json.dumps(values or STORE),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise RenderingRefused(result.stderr)
        # The C loader: the CustomResourceDefinition alone takes the other one half a second.
        documents = yaml.load_all(result.stdout, Loader=yaml.CSafeLoader)
        return Manifests(tuple(each for each in documents if each is not None))


def container(workload: Resource) -> Resource:
    """Return the one container of a workload's pods."""
    [found] = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def read_variables(workload: Resource) -> dict[str, str]:
    """Return the environment of a workload's container as its program sees it.

    What comes from a Secret is named after its key there, and the pod is named after its workload.
    """
    return {each["name"]: _read_value(each, workload) for each in container(workload)["env"]}


def _read_value(variable: Resource, workload: Resource) -> str:
    if "value" in variable:
        value: str = variable["value"]
        return value.replace("$$", "$")
    source = variable["valueFrom"]
    if "fieldRef" in source:
        field: str = workload["metadata"][source["fieldRef"]["fieldPath"].removeprefix("metadata.")]
        return field
    key: str = source["secretKeyRef"]["key"]
    return key


def selector(component: str) -> dict[str, str]:
    """Return the labels by which a component's pods are selected."""
    return {
        "app.kubernetes.io/name": "waas",
        "app.kubernetes.io/instance": "waas",
        "app.kubernetes.io/component": component,
    }
