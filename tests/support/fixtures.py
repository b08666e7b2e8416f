"""Pytest fixtures that make real servers into a place where the service can run."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from minio import Minio

from cluster import processes
from cluster.control_plane import CONTROLLERS, ControlPlane
from cluster.minio_server import MinioServer
from support.desk import Desk
from support.job_program import JobProgram
from support.kubernetes_api import KubernetesApi, Refusal, Resource
from support.object_server import ObjectServer, running_object_server
from support.pod_runner import PodRunner
from support.service import BUCKET, OperatorProcess, Tenant, running_api, running_operator
from support.waiting import wait_until
from waas_contract.transcription_job import API_VERSION, PLURAL

CRD_FILE = Path(__file__).parents[2] / "charts/waas/files/crds/transcriptionjobs.yaml"


@pytest.fixture(scope="session")
def kubernetes_api(control_plane: ControlPlane) -> Iterator[KubernetesApi]:
    """The administrator's client, on a cluster that knows TranscriptionJobs."""
    api = KubernetesApi(control_plane.kubeconfig)
    try:
        establish_custom_resource_definition(api)
        yield api
    finally:
        api.close()


def establish_custom_resource_definition(api: KubernetesApi) -> None:
    """Make TranscriptionJobs known to a cluster; returns once they are served."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    definition: Resource = yaml.safe_load(CRD_FILE.read_text())
    if api.find(f"{path}/{definition['metadata']['name']}") is None:
        api.create(path, definition)

    def is_established() -> bool:
        found = api.get(f"{path}/{definition['metadata']['name']}")
        conditions = found.get("status", {}).get("conditions") or []
        return any(
            each["type"] == "Established" and each["status"] == "True" for each in conditions
        )

    def is_served() -> bool:
        # At first the API server may still say 404, or 429 until its watch cache is filled.
        try:
            api.items(f"/apis/{API_VERSION}/{PLURAL}")
        except Refusal as refusal:
            if refusal.status not in (404, 429):
                raise
            return False
        return True

    wait_until(is_established, "the CustomResourceDefinition is established")
    wait_until(is_served, "TranscriptionJobs are served")


@pytest.fixture(scope="session")
def object_store(minio_server: MinioServer) -> Minio:
    """A client of the store's administrator; the service's bucket is there."""
    store = Minio(
        minio_server.endpoint,
        access_key=minio_server.access_key,
        secret_key=minio_server.secret_key,
        secure=False,
        region="us-east-1",
    )
    if not store.bucket_exists(BUCKET):
        store.make_bucket(BUCKET)
    return store


@pytest.fixture
def tenant(
    namespace: str,
    control_plane: ControlPlane,
    minio_server: MinioServer,
    kubernetes_api: KubernetesApi,
    object_store: Minio,  # noqa: ARG001 # makes the bucket
) -> Tenant:
    """A namespace in which the service can run."""
    return Tenant(namespace, control_plane, minio_server, kubernetes_api)


@pytest.fixture
def without_controllers(control_plane: ControlPlane) -> Iterator[None]:
    """Nobody makes pods or closes Jobs but the test."""
    processes.stop(control_plane.run, *CONTROLLERS)
    yield
    for name in CONTROLLERS:
        processes.launch(control_plane.run, control_plane.run.servers()[name].server)
    for name in CONTROLLERS:
        processes.wait_until_ready(control_plane.run, name)


@pytest.fixture
def operator(tenant: Tenant, tmp_path: Path) -> Iterator[OperatorProcess]:
    """The operator for the test's namespace; not started yet."""
    with running_operator(tenant, tmp_path) as process:
        yield process


@pytest.fixture
def rest(tenant: Tenant, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of the api for the test's namespace."""
    with running_api(tenant, tmp_path) as client:
        yield client


@pytest.fixture
def pod_runner(tenant: Tenant, tmp_path: Path, weights: Path) -> Iterator[PodRunner]:
    """Runs the pods of the test's namespace with real weights."""
    with PodRunner(tenant.api, tenant.namespace, tmp_path / "pods", weights) as runner:
        yield runner


@pytest.fixture(scope="session")
def weights() -> Path:
    """A model cache with the checkpoints of tiny.en and base."""
    from support.checkpoints import WeightsNotInstalled, checkpoint_directory

    try:
        return checkpoint_directory()
    except WeightsNotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def desk(tenant: Tenant, object_store: Minio) -> Desk:
    """A person's view of the test's namespace."""
    return Desk(tenant, object_store)


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> list[str]:
    """The beginning of every kubectl command line."""
    binary = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if binary is None:
        pytest.skip("kubectl is not installed: run `make setup`")
    return [binary, "--kubeconfig", str(control_plane.kubeconfig)]


@pytest.fixture
def store() -> Iterator[ObjectServer]:
    """A store behind presigned URLs that fails, and lets wait, as a test wants."""
    with running_object_server() as server:
        yield server


@pytest.fixture
def program(tmp_path: Path, weights: Path) -> Iterator[JobProgram]:
    """The job program with a folder of its own."""
    running = JobProgram(tmp_path, weights)
    yield running
    running.close()
