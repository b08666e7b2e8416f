"""One installation of the chart, on a node of this machine, shared by all end-to-end tests."""

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
from support.desk import Desk
from support.kubernetes_api import KubernetesApi
from support.release import IMAGES, JOB_NAMESPACE, Release
from support.service import BUCKET
from support.waiting import wait_until

API_CLIENTS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"reads": "transcripts"}}}
"""The pods that may reach the api; no policy keeps programs of the node itself out."""


@dataclass(frozen=True)
class JobNamespace:
    """The namespace of a release where jobs run."""

    namespace: str
    api: KubernetesApi


@pytest.fixture(scope="session")
def release(node: Node, weights: Path, pytestconfig: pytest.Config) -> Iterator[Release]:
    """The chart, installed with the images of this checkout and a MinIO of its own."""
    try:
        references = ensure(IMAGES, terminal_report(pytestconfig))
    except ImagesUnavailable as error:
        pytest.skip(str(error))
    node.load(references.values())
    release = replace(Release.on(node.kubeconfig, references), api_clients=[API_CLIENTS])
    try:
        release.prepare(weights)
        release.install()
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
