from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from kubernetes import client, config
from minio import Minio

from cluster import lifecycle, processes
from cluster.binaries.machine import cache_folder
from cluster.control_plane import ControlPlane
from cluster.fixtures import GetBinaries
from cluster.lifecycle import SERVERS
from cluster.minio_server import MinioServer
from cluster.run_folder import RunFolder

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[1]


def unheard(_: str) -> None:
    pass


@pytest.fixture
def binaries(cluster_binaries: GetBinaries) -> dict[str, Path]:
    return cluster_binaries(SERVERS)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[RunFolder]]:
    runs = [RunFolder(tmp_path / "one"), RunFolder(tmp_path / "two")]
    yield runs
    for run in runs:
        lifecycle.down(run)


def pids(run: RunFolder) -> dict[str, int]:
    return {each.name: each.pid for each in lifecycle.status(run) if each.pid is not None}


def ports(run: RunFolder) -> set[int | None]:
    return {each.port for each in lifecycle.status(run)}


@pytest.mark.parametrize(
    "killed",
    [
        pytest.param(["etcd"], id="only etcd"),
        pytest.param(["kube-apiserver", "minio"], id="two of them"),
        pytest.param(list(SERVERS), id="all of them"),
    ],
)
def test_up_after_servers_were_killed_starts_all_anew(
    killed: list[str], runs: list[RunFolder], binaries: dict[str, Path]
) -> None:
    run = runs[0]
    lifecycle.up(run, binaries, unheard)
    before = pids(run)
    for name in killed:
        os.kill(before[name], signal.SIGKILL)
    lifecycle.up(run, binaries, unheard)
    assert lifecycle.is_up(run)
    assert not set(before.values()) & set(pids(run).values())
    assert not any(map(psutil.pid_exists, before.values()))


def test_two_at_once_do_not_collide_and_one_goes_alone(
    runs: list[RunFolder], binaries: dict[str, Path]
) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda run: lifecycle.up(run, binaries, unheard), runs))
    assert all(map(lifecycle.is_up, runs))
    assert not ports(runs[0]) & ports(runs[1])
    gone = pids(runs[0])
    lifecycle.down(runs[0])
    assert not any(map(psutil.pid_exists, gone.values()))
    assert not runs[0].path.exists()
    assert lifecycle.is_up(runs[1])


def test_down_where_nothing_is_does_nothing(runs: list[RunFolder]) -> None:
    lifecycle.down(runs[0])
    lifecycle.down(runs[0])
    assert not runs[0].path.exists()


@pytest.mark.usefixtures("binaries")
def test_the_command_line_goes_up_and_down() -> None:
    name = f"test-{secrets.token_hex(4)}"
    run = RunFolder.named(name, cache_folder())

    def cluster(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cluster", command, "--name", name],
            env=os.environ | {"PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            check=False,
        )

    try:
        assert cluster("status").returncode == 1
        assert cluster("env").returncode == 1
        assert cluster("up").returncode == 0
        assert cluster("status").returncode == 0
        first = pids(run)
        again = cluster("up")
        assert (again.returncode, "already up" in again.stderr) == (0, True)
        assert pids(run) == first
        printed = cluster("env").stdout.splitlines()
        assert printed[0] == f"export KUBECONFIG={run.kubeconfig}"
        assert printed[-1] == "export WAAS_S3_BUCKET=waas"
    finally:
        assert cluster("down").returncode == 0
    assert cluster("status").returncode == 1
    assert [pid for pid in first.values() if psutil.pid_exists(pid) and not is_zombie(pid)] == []


def is_zombie(pid: int) -> bool:
    # Nobody's child any more: a container's init process may take its time to collect it.
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


OWNER = """
import sys, time
from pathlib import Path
from cluster import minio_server
from cluster.run_folder import RunFolder
from cluster.watchdog import watched

run = RunFolder(Path(sys.argv[1]))
with watched(run):
    minio_server.start(run, {"minio": Path(sys.argv[2])})
    print("started", flush=True)
    time.sleep(600)
"""


def test_no_server_outlives_an_owner_that_was_killed(
    runs: list[RunFolder], binaries: dict[str, Path]
) -> None:
    run = runs[0]
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(run.path), str(binaries["minio"])],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"started\n"
        launched = run.servers()["minio"]
        assert processes.find(launched)
        owner.kill()
    wait_until(lambda: processes.find(launched) is None)


def wait_until(condition: Callable[[], object], within: float = 60.0) -> None:
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.1)


def api(kubeconfig: Path) -> client.ApiClient:
    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    return client.ApiClient(configuration)


def names(listed: Any) -> list[str]:
    return [each.metadata.name for each in listed.items]


def a_job(name: str) -> client.V1Job:
    container = client.V1Container(name="main", image="example.test/none:1")
    pod = client.V1PodSpec(restart_policy="Never", containers=[container])
    return client.V1Job(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1JobSpec(
            template=client.V1PodTemplateSpec(spec=pod), ttl_seconds_after_finished=0
        ),
    )


def test_the_controllers_run_a_job_from_pod_to_cleaning_up(
    control_plane: ControlPlane, namespace: str
) -> None:
    with api(control_plane.kubeconfig) as administrator:
        jobs, core = client.BatchV1Api(administrator), client.CoreV1Api(administrator)
        wait_until(lambda: core.list_namespaced_service_account(namespace).items)
        jobs.create_namespaced_job(namespace, a_job("transcribe"))
        wait_until(lambda: core.list_namespaced_pod(namespace).items)
        [pod] = names(core.list_namespaced_pod(namespace))
        succeeded = client.V1Pod(status=client.V1PodStatus(phase="Succeeded"))
        core.patch_namespaced_pod_status(pod, namespace, succeeded)
        # The Job controller completes the Job, the TTL controller deletes it, and the garbage
        # collector deletes its pod.
        wait_until(lambda: not jobs.list_namespaced_job(namespace).items)
        wait_until(lambda: not core.list_namespaced_pod(namespace).items)


def test_a_user_may_do_what_rbac_grants_and_no_more(
    control_plane: ControlPlane, namespace: str
) -> None:
    with api(control_plane.kubeconfig) as administrator:
        client.RbacAuthorizationV1Api(administrator).create_namespaced_role_binding(
            namespace,
            client.V1RoleBinding(
                metadata=client.V1ObjectMeta(name="readers"),
                role_ref=client.V1RoleRef(
                    api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="view"
                ),
                subjects=[
                    client.RbacV1Subject(
                        kind="Group", name="readers", api_group="rbac.authorization.k8s.io"
                    )
                ],
            ),
        )
    with api(control_plane.kubeconfig_for("ann", ["readers"])) as reader:
        core = client.CoreV1Api(reader)
        wait_until(lambda: is_allowed(lambda: core.list_namespaced_pod(namespace)))
        assert not is_allowed(lambda: core.list_namespaced_pod("default"))
        assert not is_allowed(lambda: core.delete_namespace(namespace))


def is_allowed(request: Callable[[], object]) -> bool:
    try:
        request()
    except client.ApiException as error:
        if error.status != 403:
            raise
        return False
    return True


def test_the_api_server_goes_away_and_comes_back_with_what_it_stored(
    control_plane: ControlPlane, namespace: str
) -> None:
    with api(control_plane.kubeconfig) as administrator:
        core = client.CoreV1Api(administrator)
        control_plane.stop_apiserver()
        try:
            assert processes.find(control_plane.run.servers()["kube-apiserver"]) is None
        finally:
            control_plane.start_apiserver()
        assert namespace in names(core.list_namespace())


def test_the_store_goes_away_and_comes_back_with_what_it_stored(
    minio_server: MinioServer,
) -> None:
    store = Minio(
        minio_server.endpoint, minio_server.access_key, minio_server.secret_key, secure=False
    )
    minio_server.make_bucket("kept")
    minio_server.stop()
    try:
        assert processes.find(minio_server.run.servers()["minio"]) is None
    finally:
        minio_server.start()
    assert store.bucket_exists(bucket_name="kept")
