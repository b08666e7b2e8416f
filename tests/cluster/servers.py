"""The command line of each server, without any I/O.

Everything listens on 127.0.0.1 only, and every command line names the run folder, by which a
process is later recognised as that run's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Binaries = Mapping[str, Path]

# Addresses of Services; nothing routes to them as long as there is no node.
_SERVICE_ADDRESSES = "10.96.0.0/16"
# The first of them is the API server's own (kubernetes.default.svc).
SERVING_ADDRESSES = ("127.0.0.1", "10.96.0.1")

# These act on nodes, clouds and attached disks. Without a kubelet's heartbeats the first two
# would also taint, and then empty, every node that a test makes up.
_CONTROLLERS_NOT_RUN = (
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "device-taint-eviction-controller",
    "node-ipam-controller",
    "node-route-controller",
    "service-lb-controller",
    "cloud-node-lifecycle-controller",
    "persistentvolume-attach-detach-controller",
    "persistentvolume-expander-controller",
)

# The defaults (20 a second) make the Job controller lag behind tests that make many jobs at once.
_CLIENT_RATE = ("--kube-api-qps=200", "--kube-api-burst=400")


@dataclass(frozen=True)
class Server:
    """One server: how to run it, and where it tells that it is ready."""

    name: str
    command: tuple[str, ...]
    ready_address: str
    # The only variables that it gets; a proxy of the user's must not catch loopback traffic.
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ports:
    """The ports of one control plane."""

    etcd: int
    etcd_peers: int
    apiserver: int
    controller_manager: int
    scheduler: int


@dataclass(frozen=True)
class Credentials:
    """The root user of one MinIO."""

    access_key: str
    secret_key: str


def etcd(binaries: Binaries, folder: Path, ports: Ports) -> Server:
    """Returns a single etcd member that trusts the page cache rather than the disk."""
    clients = f"http://127.0.0.1:{ports.etcd}"
    peers = f"http://127.0.0.1:{ports.etcd_peers}"
    return Server(
        "etcd",
        (
            str(binaries["etcd"]),
            f"--data-dir={folder}/etcd",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            # The data need not outlive the machine's power, and each fsync costs milliseconds.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        f"{clients}/health",
    )


def apiserver(binaries: Binaries, folder: Path, ports: Ports) -> Server:
    """Returns the API server, with the authorization and admission of a real cluster."""
    return Server(
        "kube-apiserver",
        (
            str(binaries["kube-apiserver"]),
            f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={ports.apiserver}",
            "--advertise-address=127.0.0.1",
            # The Endpoints of kubernetes.default may not name a loopback address.
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={_SERVICE_ADDRESSES}",
            f"--tls-cert-file={folder}/tls/server.crt",
            f"--tls-private-key-file={folder}/tls/server.key",
            f"--client-ca-file={folder}/tls/ca.crt",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-signing-key-file={folder}/tls/service-accounts.key",
            f"--service-account-key-file={folder}/tls/service-accounts.pub",
            "--profiling=false",
        ),
        f"https://127.0.0.1:{ports.apiserver}/readyz",
    )


def controller_manager(binaries: Binaries, folder: Path, ports: Ports) -> Server:
    """Returns the controllers that need neither nodes nor a cloud: Job, garbage collector, ..."""
    left_out = ",".join(f"-{name}" for name in _CONTROLLERS_NOT_RUN)
    return Server(
        "kube-controller-manager",
        (
            str(binaries["kube-controller-manager"]),
            f"--kubeconfig={folder}/kubeconfigs/kube-controller-manager",
            "--bind-address=127.0.0.1",
            f"--secure-port={ports.controller_manager}",
            f"--tls-cert-file={folder}/tls/server.crt",
            f"--tls-private-key-file={folder}/tls/server.key",
            "--leader-elect=false",
            f"--controllers=*,{left_out}",
            "--use-service-account-credentials=true",
            f"--root-ca-file={folder}/tls/ca.crt",
            f"--service-account-private-key-file={folder}/tls/service-accounts.key",
            *_CLIENT_RATE,
            "--profiling=false",
        ),
        f"https://127.0.0.1:{ports.controller_manager}/healthz",
    )


def scheduler(binaries: Binaries, folder: Path, ports: Ports) -> Server:
    """Returns the scheduler, which binds pods once a test makes a node."""
    return Server(
        "kube-scheduler",
        (
            str(binaries["kube-scheduler"]),
            f"--kubeconfig={folder}/kubeconfigs/kube-scheduler",
            "--bind-address=127.0.0.1",
            f"--secure-port={ports.scheduler}",
            f"--tls-cert-file={folder}/tls/server.crt",
            f"--tls-private-key-file={folder}/tls/server.key",
            "--leader-elect=false",
            *_CLIENT_RATE,
            "--profiling=false",
        ),
        f"https://127.0.0.1:{ports.scheduler}/healthz",
    )


def minio(binaries: Binaries, folder: Path, port: int, credentials: Credentials) -> Server:
    """Returns a MinIO with one drive, that asks nobody for updates and shows no console."""
    address = f"127.0.0.1:{port}"
    return Server(
        "minio",
        (
            str(binaries["minio"]),
            "server",
            f"{folder}/minio",
            f"--address={address}",
            f"--certs-dir={folder}/minio-certs",
            "--quiet",
        ),
        f"http://{address}/minio/health/ready",
        {
            "MINIO_ROOT_USER": credentials.access_key,
            "MINIO_ROOT_PASSWORD": credentials.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        },
    )
