"""Pytest fixtures: real servers of this test session's own, started when a test first asks.

Load them with `pytest_plugins = ["cluster.fixtures"]` in the top conftest.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster import control_plane as control_planes
from cluster import minio_server as minio_servers
from cluster import seaweedfs_server as seaweedfs_servers
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.control_plane import ControlPlane
from cluster.errors import BinaryUnavailable, NodeUnavailable
from cluster.minio_server import MinioServer
from cluster.node import Node, claim, running
from cluster.node.image_store import ArchiveCommand
from cluster.node.node_servers import BINARIES as NODE_BINARIES
from cluster.reporting import terminal_report
from cluster.run_folder import RunFolder
from cluster.seaweedfs_server import SeaweedServer
from cluster.watchdog import stop_and_remove, watched

GetBinaries = Callable[[Iterable[str]], dict[str, Path]]


@pytest.fixture(scope="session")
def cluster_binaries(pytestconfig: pytest.Config) -> GetBinaries:
    """Finds servers' binaries, or skips the test: nobody who runs pytest asked for a build."""
    report = terminal_report(pytestconfig)

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


@pytest.fixture(scope="session")
def seaweedfs_server(cluster_run: RunFolder) -> SeaweedServer:
    """A SeaweedFS with the service's bucket, shared by the session's tests."""
    return seaweedfs_servers.start(cluster_run)


@dataclass(frozen=True)
class NodeParts:
    """What a node is started with."""

    binaries: dict[str, Path]
    # The pause image's reference, and what writes it.
    pause: tuple[str, ArchiveCommand]


@pytest.fixture(scope="session")
def machine_for_node(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Installs what a node or an image is made with, or skips the test where there can be no node.

    Whoever asks for one has chosen the end-to-end tests.
    """
    run = RunFolder(tmp_path_factory.getbasetemp() / "none")
    try:
        running.require(run, terminal_report(pytestconfig))
    except NodeUnavailable as error:
        pytest.skip(str(error))
    return True


@pytest.fixture(scope="session")
def node_parts(pytestconfig: pytest.Config, machine_for_node: bool) -> NodeParts:
    """Gets what a node is started with, or skips the test where that can't be had."""
    # Not above: other tests need no images.
    from images.building import archive_command, ensure
    from images.errors import ImagesUnavailable

    assert machine_for_node
    report = terminal_report(pytestconfig)
    names = (*control_planes.NAMES, minio_servers.NAME, *NODE_BINARIES)
    try:
        binaries = obtain(names, allowed_by_environment(build_by_default=True), report)
        pause = ensure(["pause"], report)["pause"]
    except (BinaryUnavailable, ImagesUnavailable) as error:
        pytest.skip(str(error))
    return NodeParts(binaries, (pause, archive_command))


@pytest.fixture
def parts_without_node(node_parts: NodeParts) -> NodeParts:
    """The parts of a node while none is up; tests that ask for this one come before all others."""
    if (run := claim.living_holder()) is not None:
        pytest.skip(f"a machine has room for one node, and that of {run.path} is up")
    return node_parts


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that start nodes of their own before the session's node."""
    items.sort(key=lambda item: "parts_without_node" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory, node_parts: NodeParts) -> Iterator[Node]:
    """A node and a control plane of its own, shared by the session's tests; no MinIO."""
    run = RunFolder(tmp_path_factory.mktemp("node"))
    with watched(run):
        try:
            node = running.start(run, node_parts.binaries, node_parts.pause)
        except NodeUnavailable as error:
            # Another session was quicker.
            pytest.skip(str(error))
        yield node
        stop_and_remove(run)


@pytest.fixture
def restricted_namespace(node: Node) -> Iterator[str]:
    """A namespace of the test's own, in which Pod Security admits the least rights only.

    It goes with the test, whose pods would keep what others wait for, above all GPUs.
    """
    name = f"restricted-{secrets.token_hex(4)}"
    node.make_restricted_namespace(name)
    yield name
    node.delete_namespace(name)


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
