"""The servers of a measurement of the operator, and who logs in there."""

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minio import Minio

from cluster import control_plane as control_planes
from cluster import minio_server as minio_servers
from cluster import processes
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.control_plane import ControlPlane
from cluster.run_folder import RunFolder
from cluster.watchdog import stop_and_remove, watched
from support.fixtures import establish_custom_resource_definition
from support.kubernetes_api import KubernetesApi, Resource
from support.service import BUCKET, Tenant


@contextmanager
def running_servers() -> Iterator[tuple[Tenant, Minio]]:
    """Run a control plane without controllers, and a MinIO."""

    def report(message: str) -> None:
        sys.stderr.write(f"performance: {message}\n")

    binaries = obtain(
        (*control_planes.NAMES, minio_servers.NAME),
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
            yield from _serve_tenant(control_plane, minio_server)
        finally:
            stop_and_remove(run)


def _serve_tenant(
    control_plane: ControlPlane, minio_server: minio_servers.MinioServer
) -> Iterator[tuple[Tenant, Minio]]:
    api = KubernetesApi(control_plane.kubeconfig)
    try:
        establish_custom_resource_definition(api)
        namespace = f"load-{secrets.token_hex(4)}"
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
