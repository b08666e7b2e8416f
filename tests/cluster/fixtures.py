"""Pytest fixtures: real servers of this test session's own, started when a test first asks.

Load them with `pytest_plugins = ["cluster.fixtures"]` in the top conftest.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from cluster import control_plane as control_planes
from cluster import minio_server as minio_servers
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.control_plane import ControlPlane
from cluster.errors import BinaryUnavailable
from cluster.minio_server import MinioServer
from cluster.run_folder import RunFolder
from cluster.watchdog import stop_and_remove, watched

GetBinaries = Callable[[Iterable[str]], dict[str, Path]]


@pytest.fixture(scope="session")
def cluster_binaries(pytestconfig: pytest.Config) -> GetBinaries:
    """Finds servers' binaries, or skips the test: nobody who runs pytest asked for a build."""
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")

    def report(message: str) -> None:
        if terminal is not None:
            terminal.write_line(f"cluster: {message}")

    def get(names: Iterable[str]) -> dict[str, Path]:
        try:
            return obtain(names, allowed_by_environment(build_by_default=False), report)
        except BinaryUnavailable as error:
            pytest.skip(str(error))

    return get


@pytest.fixture(scope="session")
def cluster_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    """The session's run folder; its servers end with the session, even if that is killed."""
    run = RunFolder(tmp_path_factory.mktemp("cluster"))
    with watched(run):
        yield run
        stop_and_remove(run)


@pytest.fixture(scope="session")
def control_plane(cluster_run: RunFolder, cluster_binaries: GetBinaries) -> ControlPlane:
    """A Kubernetes control plane, shared by the session's tests."""
    return control_planes.start(cluster_run, cluster_binaries(control_planes.NAMES))


@pytest.fixture(scope="session")
def minio_server(cluster_run: RunFolder, cluster_binaries: GetBinaries) -> MinioServer:
    """A MinIO without buckets, shared by the session's tests."""
    return minio_servers.start(cluster_run, cluster_binaries([minio_servers.NAME]))


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own, deleted afterwards (without waiting for that to end)."""
    # Not above: unit tests load this module and need no Kubernetes client.
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_kube_config(str(control_plane.kubeconfig), client_configuration=configuration)
    with client.ApiClient(configuration) as api:
        core = client.CoreV1Api(api)
        name = f"test-{secrets.token_hex(4)}"
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
        yield name
        core.delete_namespace(name)
