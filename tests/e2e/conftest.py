"""One installation of the chart, on a node of this machine, shared by all end-to-end tests."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from minio import Minio

from cluster.node import Node
from cluster.reporting import terminal_report
from images.building import ensure
from images.errors import ImagesUnavailable
from support.checkpoints import CATALOGUE_FILE_NAME
from support.desk import Desk
from support.file_server import FileServer, running_file_server
from support.kubernetes_api import KubernetesApi, Resource
from support.release import IMAGES, JOB_NAMESPACE, JOB_NAMESPACES, Release
from support.service import BUCKET
from support.speech import librivox_clip
from support.waiting import wait_until

API_CLIENTS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"reads": "transcripts"}}}
"""The pods that may reach the api; no policy keeps programs of the node itself out."""


NOBODY = 65532
"""The user of every image of ours."""

PULLS = "app.kubernetes.io/component=models"


@dataclass(frozen=True)
class JobNamespace:
    """The namespace of a release where jobs run."""

    namespace: str
    api: KubernetesApi


@pytest.fixture(scope="session")
def mirror(node: Node, weights: Path) -> Iterator[FileServer]:
    """A web server with the models, for the cluster's pods; its requests tell who asked."""
    with running_file_server(node.address) as server:
        for checkpoint in weights.glob("*.pt"):
            server.files[f"/{checkpoint.name}"] = checkpoint.read_bytes()
        yield server


def build_pull(weights: Path, mirror: FileServer) -> Resource:
    """Return what brings the models from the mirror, though the catalogue names another address."""
    catalogue = json.loads((weights / CATALOGUE_FILE_NAME).read_text())["models"]
    for entry in catalogue:
        entry["address"] = f"https://models.example/{entry['name']}.pt"
    return {
        "models": [entry["name"] for entry in catalogue],
        "catalogue": catalogue,
        "mirror": mirror.url(""),
    }


@pytest.fixture(scope="session")
def release(
    node: Node,
    weights: Path,
    mirror: FileServer,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Release]:
    """The chart, installed with the images of this checkout and a MinIO of its own.

    Its model caches are empty at first, and filled by the Jobs of the chart.
    """
    report = terminal_report(pytestconfig)
    try:
        references = ensure(IMAGES, report)
    except ImagesUnavailable as error:
        pytest.skip(str(error))
    node.load(references.values(), report)
    release = replace(
        Release.on(node.kubeconfig, references),
        api_clients=[API_CLIENTS],
        pull=build_pull(weights, mirror),
    )
    models = tmp_path_factory.mktemp("models")
    os.chown(models, NOBODY, NOBODY)
    try:
        release.prepare(models)
        started = time.monotonic()
        release.install()
        report(f"the chart is installed after {time.monotonic() - started:.1f} s")
        for namespace in JOB_NAMESPACES:
            release.run_kubectl(
                "-n", namespace, "wait", "jobs", f"--selector={PULLS}",
                "--for=condition=Complete", "--timeout=180s",
            )  # fmt: skip
        report(f"the models are pulled after {time.monotonic() - started:.1f} s")
        yield release
    finally:
        release.api.close()


@pytest.fixture(scope="session")
def service(release: Release) -> Iterator[httpx.Client]:
    """A client of the api, by the address of its Service."""
    with httpx.Client(base_url=f"http://{release.service_address('api')}", timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def desk(release: Release) -> Desk:
    """A person's view of the job namespace."""
    credentials = release.secret("waas-object-storage")
    store = Minio(
        release.service_address("minio"),
        access_key=credentials["access-key"],
        secret_key=credentials["secret-key"],
        secure=False,
        region="us-east-1",
    )
    wait_until(lambda: store.bucket_exists(BUCKET), "the bucket is there")
    return Desk(JobNamespace(JOB_NAMESPACE, release.api), store)


@pytest.fixture(scope="session")
def transcribed(desk: Desk) -> Resource:
    """A job that ended well, for all tests that look at what one of them leaves."""
    name = "transcribed"
    source = {"key": desk.put_audio(name, librivox_clip("0870"))}
    desk.create(name, source=source, model="base")
    ended = desk.wait_for_end(name)
    assert ended["status"]["phase"] == "Succeeded"
    return ended
