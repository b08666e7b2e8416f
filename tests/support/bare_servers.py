"""A control plane and a MinIO outside pytest, for the operator alone, and who logs in there."""

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from minio import Minio

from cluster import control_plane as control_planes
from cluster import kwok_server, processes
from cluster import minio_server as minio_servers
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.control_plane import ControlPlane
from cluster.run_folder import RunFolder
from cluster.watchdog import stop_and_remove, watched
from support.fixtures import establish_custom_resource_definition
from support.kubernetes_api import KubernetesApi, Resource
from support.service import BUCKET, Tenant
from support.waiting import wait_until

_UNHINDERED = ("--kube-api-qps=5000", "--kube-api-burst=5000")
_MANY_AT_ONCE = ("--concurrent-job-syncs=64", "--concurrent-gc-syncs=64")


@contextmanager
def running_servers(*, with_pods: bool = False) -> Iterator[tuple[Tenant, Minio]]:
    """Run a control plane and a MinIO: without controllers, or with pods that kwok plays.

    The controllers ask the API server as often as they like then, so that not they are measured.
    """

    def report(message: str) -> None:
        sys.stderr.write(f"performance: {message}\n")

    binaries = obtain(
        (*control_planes.NAMES, minio_servers.NAME, *([kwok_server.NAME] if with_pods else [])),
        allowed_by_environment(build_by_default=True),
        report,
    )
    run = RunFolder(Path(tempfile.mkdtemp(prefix="waas-performance-")))
    with watched(run):
        try:
            control_plane = control_planes.start(run, binaries)
            processes.stop(run, *control_planes.CONTROLLERS)
            minio_server = minio_servers.start(run, binaries)
            minio_server.make_bucket(BUCKET)
            if with_pods:
                _launch_again(run, "kube-controller-manager", *_UNHINDERED, *_MANY_AT_ONCE)
                _launch_again(run, "kube-scheduler", *_UNHINDERED)
                kwok_server.start(run, binaries, control_plane)
            yield from _serve_tenant(control_plane, minio_server, with_pods=with_pods)
        finally:
            stop_and_remove(run)


def _launch_again(run: RunFolder, name: str, *flags: str) -> None:
    """Start a server that was stopped, with other flags; of two of a name the last one holds."""
    server = run.servers()[name].server
    processes.launch(run, replace(server, command=(*server.command, *flags)))
    processes.wait_until_ready(run, name)


def _serve_tenant(
    control_plane: ControlPlane, minio_server: minio_servers.MinioServer, *, with_pods: bool
) -> Iterator[tuple[Tenant, Minio]]:
    api = KubernetesApi(control_plane.kubeconfig)
    try:
        establish_custom_resource_definition(api)
        namespace = f"load-{secrets.token_hex(4)}"
        if with_pods:
            _make_node(api)
            api.create_namespace({"name": namespace})
        else:
            # No controller makes the ServiceAccount for which that would wait.
            api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        store = Minio(
            minio_server.endpoint,
            minio_server.access_key,
            minio_server.secret_key,
            secure=False,
            region="us-east-1",
        )
        yield Tenant(namespace, control_plane, minio_server, api), store
    finally:
        api.close()


def _make_node(api: KubernetesApi) -> None:
    """Make a node that takes every pod; returns once kwok has made it ready."""
    path = f"/api/v1/nodes/{kwok_server.NODE}"
    api.create("/api/v1/nodes", {"metadata": {"name": kwok_server.NODE}})
    # The API server calls each new node unready, and the controller that would take it back would
    # also ask for a kubelet's heartbeats.
    api.merge(path, {"spec": {"taints": None}})
    wait_until(lambda: api.get(path)["status"].get("phase") == "Running", "kwok plays the node")


def log_in_by_token(tenant: Tenant, account: str, binding: str, role: Resource) -> Path:
    """Bind a role to a ServiceAccount of that name; returns its kubeconfig.

    It is how programs log in within a cluster, and the API server holds a token to be good for
    seconds, while it goes through a certificate's chain at each request.
    """
    api, namespace = tenant.api, tenant.namespace
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.create(accounts, {"metadata": {"name": account}})
    api.create(
        f"/apis/rbac.authorization.k8s.io/v1/{binding}",
        {
            "metadata": {"name": f"{account}-{namespace}"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", **role},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )
    answer = api.create(
        f"{accounts}/{account}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )
    return tenant.control_plane.kubeconfig_by_token(account, answer["status"]["token"])
