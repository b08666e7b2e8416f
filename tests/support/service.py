"""Starts the service's programs as processes, each with the rights it will have in a cluster."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cluster.control_plane import ControlPlane
from cluster.minio_server import MinioServer
from support.kubernetes_api import KubernetesApi, Resource
from support.waiting import wait_until
from waas_contract.transcription_job import GROUP, PLURAL

OPERATOR_RULES: list[Resource] = [
    {
        "apiGroups": [GROUP],
        "resources": [PLURAL],
        "verbs": ["get", "list", "watch", "patch", "delete"],
    },
    {"apiGroups": [GROUP], "resources": [f"{PLURAL}/status"], "verbs": ["update"]},
    {
        "apiGroups": ["batch"],
        "resources": ["jobs"],
        "verbs": ["get", "list", "watch", "create", "patch", "delete"],
    },
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    # It writes the URLs of jobs and never reads a Secret of anybody.
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "patch", "delete"]},
    # It tells people what happens, beside the status.
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
    # An owner reference that blocks deletion asks for this right over the owner.
    {"apiGroups": [GROUP], "resources": [f"{PLURAL}/finalizers"], "verbs": ["update"]},
]
HELD_LEASE_RULES: list[Resource] = [
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["waas-operator"],
        "verbs": ["get", "update"],
    },
]
"""Over a Lease that somebody else made, as the chart does."""

LEASE_RULES: list[Resource] = [
    *HELD_LEASE_RULES,
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
]
API_RULES: list[Resource] = [
    {
        "apiGroups": [GROUP],
        "resources": [PLURAL],
        "verbs": ["create", "get", "list", "watch", "patch", "delete"],
    },
]
REVIEW_RULES: list[Resource] = [
    {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
    {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["subjectaccessreviews"],
        "verbs": ["create"],
    },
]
"""What the api needs in the whole cluster where it checks tokens."""

JOB_IMAGE = "waas-job:test"
BUCKET = "waas"


@dataclass(frozen=True)
class Tenant:
    """A namespace in which the service runs, and what a test needs to look into it."""

    namespace: str
    control_plane: ControlPlane
    minio_server: MinioServer
    api: KubernetesApi

    def grant(self, program: str, rules: Sequence[Resource]) -> Path:
        """Give a program a user with these rights in the namespace; returns its kubeconfig."""
        return self.grant_in(self.namespace, program, rules)

    def grant_in(self, namespace: str, program: str, rules: Sequence[Resource]) -> Path:
        """Give the program's user these rights in another namespace."""
        user = f"{program}-{self.namespace}"
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        metadata = {"name": program}
        self.api.create(f"{path}/roles", {"metadata": metadata, "rules": list(rules)})
        self.api.create(
            f"{path}/rolebindings",
            {
                "metadata": metadata,
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": program,
                },
                "subjects": [{"kind": "User", "name": user}],
            },
        )
        return self.control_plane.kubeconfig_for(user)

    def storage_variables(self) -> dict[str, str]:
        """Return the settings by which a program finds the store."""
        return {
            "WAAS_S3_ENDPOINT": f"http://{self.minio_server.endpoint}",
            "WAAS_S3_ACCESS_KEY": self.minio_server.access_key,
            "WAAS_S3_SECRET_KEY": self.minio_server.secret_key,
            "WAAS_S3_BUCKET": BUCKET,
        }


class Program:
    """A running program with its output in a file."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as the kubelet would; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=120)
        finally:
            self.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class OperatorProcess:
    """The operator, to be started and ended as often as a test likes."""

    tenant: Tenant
    kubeconfig: Path
    folder: Path
    extra_variables: dict[str, str]
    programs: list[Program] = field(default_factory=list)
    ready_url: str = ""
    options: tuple[str, ...] = ()
    """Of the Python interpreter, for example to run it under a profiler."""

    def variables(self, health_port: int) -> dict[str, str]:
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "WAAS_JOB_NAMESPACES": self.tenant.namespace,
            "WAAS_JOB_IMAGE": JOB_IMAGE,
            "WAAS_MODEL_CACHE_CLAIM": "models",
            "WAAS_PROGRESS_INTERVAL_SECONDS": "1",
            "WAAS_STORAGE_PATIENCE_SECONDS": "5",
            "WAAS_REMOVAL_GRACE_SECONDS": "1",
            "WAAS_HEALTH_PORT": str(health_port),
            **self.tenant.storage_variables(),
            **self.extra_variables,
        }

    def start(self, module: str = "waas_operator", **variables: str) -> Program:
        """Start it; with another module to make it die at a chosen moment."""
        health_port = free_port()
        tests = Path(__file__).parents[1]
        program = Program(
            [sys.executable, *self.options, "-m", module],
            {**self.variables(health_port), "PYTHONPATH": str(tests), **variables},
            self.folder / "operator.log",
        )
        self.ready_url = f"http://127.0.0.1:{health_port}/readyz"
        self.programs.append(program)
        return program

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            program = self.programs[-1]
            if program.process.poll() is not None:
                raise AssertionError(f"the operator ended:\n{program.output()}")
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(self.ready_url).status_code == 200
            return False

        wait_until(is_ready, "the operator is ready")

    def stop(self) -> None:
        for program in self.programs:
            program.stop()


@contextlib.contextmanager
def running_api(
    tenant: Tenant, folder: Path, module: str = "waas_api", **variables: str
) -> Iterator[httpx.Client]:
    """Run the api, or a module that is one, for one namespace; gives a client of it."""
    port = free_port()
    name = module.replace("_", "-").replace(".", "-")
    kubeconfig = tenant.grant(name, API_RULES)
    api = [str(Path(sys.executable).with_name("waas-api"))]
    program = Program(
        api if module == "waas_api" else [sys.executable, "-m", module],
        {
            "WAAS_NAMESPACE": tenant.namespace,
            "WAAS_KUBECONFIG": str(kubeconfig),
            "WAAS_HOST": "127.0.0.1",
            "WAAS_PORT": str(port),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            **tenant.storage_variables(),
            **variables,
        },
        folder / f"{name}.log",
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=180) as client:

        def is_ready() -> bool:
            if program.process.poll() is not None:
                raise AssertionError(f"the api ended:\n{program.output()}")
            with contextlib.suppress(httpx.TransportError):
                return client.get("/readyz").status_code == 200
            return False

        try:
            wait_until(is_ready, "the api is ready")
            yield client
        finally:
            program.stop()


@contextlib.contextmanager
def running_operator(
    tenant: Tenant, folder: Path, *, rules: Sequence[Resource] = (), **variables: str
) -> Iterator[OperatorProcess]:
    """Run the operator for one namespace, with no more rights than it needs and `rules`."""
    kubeconfig = tenant.grant("waas-operator", [*OPERATOR_RULES, *rules])
    operator = OperatorProcess(tenant, kubeconfig, folder, variables)
    try:
        yield operator
    finally:
        operator.stop()
