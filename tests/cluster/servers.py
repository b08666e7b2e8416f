"""The command line of each server, without any I/O.

Everything listens on 127.0.0.1 only, but for the API server of a cluster with a node, which listens
on that node's address. Every command line names the run folder, by which a process is later
recognised as that run's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Binaries = Mapping[str, Path]

# Addresses of Services; nothing routes to them as long as there is no node.
SERVICE_ADDRESSES = "10.96.0.0/16"
# The first of them is the API server's own (kubernetes.default.svc).
SERVING_ADDRESSES = ("127.0.0.1", "10.96.0.1")

# These act on clouds, and on the networks of several nodes.
_CONTROLLERS_OF_CLOUDS = (
    "node-ipam-controller",
    "node-route-controller",
    "service-lb-controller",
    "cloud-node-lifecycle-controller",
)
# These act on nodes and attached disks. Without a kubelet's heartbeats the first two would also
# taint, and then empty, every node that a test makes up.
_CONTROLLERS_OF_NODES = (
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "device-taint-eviction-controller",
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
    # A program, with its arguments, that makes itself into the command (by exec) after setting up
    # what the command shall find. The process has the command's line from then on.
    launcher: tuple[str, ...] = ()


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


def apiserver(
    binaries: Binaries, folder: Path, ports: Ports, node_address: str | None = None
) -> Server:
    """Returns the API server, with the authorization and admission of a real cluster."""
    address = node_address or "127.0.0.1"
    for_pods = _FOR_NO_PODS if node_address is None else _for_pods(folder)
    return Server(
        "kube-apiserver",
        (
            str(binaries["kube-apiserver"]),
            f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
            f"--bind-address={address}",
            f"--secure-port={ports.apiserver}",
            f"--advertise-address={address}",
            *for_pods,
            f"--service-cluster-ip-range={SERVICE_ADDRESSES}",
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
        f"https://{address}:{ports.apiserver}/readyz",
    )


# The Endpoints of kubernetes.default may not name a loopback address.
_FOR_NO_PODS = ("--endpoint-reconciler-type=none",)


def _for_pods(folder: Path) -> tuple[str, ...]:
    """Lets the API server reach the kubelet (logs, exec) and API servers that extend it."""
    return (
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={folder}/tls/ca.crt",
        f"--kubelet-client-certificate={folder}/tls/kubelet-client.pem",
        f"--kubelet-client-key={folder}/tls/kubelet-client.pem",
        f"--requestheader-client-ca-file={folder}/tls/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={folder}/tls/front-proxy-client.pem",
        f"--proxy-client-key-file={folder}/tls/front-proxy-client.pem",
    )


def controller_manager(
    binaries: Binaries, folder: Path, ports: Ports, *, with_node: bool = False
) -> Server:
    """Returns the controllers that need no cloud, and no node either unless there is one."""
    not_run = _CONTROLLERS_OF_CLOUDS + (() if with_node else _CONTROLLERS_OF_NODES)
    # The controllers of volumes would make this folder where it is by default, far from the run's.
    for_volumes = (f"--flex-volume-plugin-dir={folder}/node/volume-plugins",) if with_node else ()
    left_out = ",".join(f"-{name}" for name in not_run)
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
            *for_volumes,
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


def kwok(binaries: Binaries, folder: Path, kubeconfig: Path, port: int) -> Server:
    """Returns a kwok that plays the kubelet of every node."""
    address = f"127.0.0.1:{port}"
    return Server(
        "kwok",
        (
            str(binaries["kwok"]),
            f"--config={folder}/kwok.yaml",
            f"--kubeconfig={kubeconfig}",
            "--manage-all-nodes",
            f"--server-address={address}",
        ),
        f"http://{address}/healthz",
    )


@dataclass(frozen=True)
class SeaweedPorts:
    """The ports of one SeaweedFS; each of its parts has a second one for gRPC."""

    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    s3: int
    s3_grpc: int


def seaweedfs(weed: Path, folder: Path, ports: SeaweedPorts) -> Server:
    """Returns a SeaweedFS with all its parts in one process, which tells nobody of itself."""
    return Server(
        "seaweedfs",
        (
            str(weed),
            "server",
            f"-dir={folder}/seaweedfs",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-master.port={ports.master}",
            f"-master.port.grpc={ports.master_grpc}",
            "-master.telemetry=false",
            # Small volumes, so that a bucket's share of them is soon made.
            "-master.volumeSizeLimitMB=64",
            f"-volume.port={ports.volume}",
            f"-volume.port.grpc={ports.volume_grpc}",
            "-volume.max=100",
            "-filer",
            f"-filer.port={ports.filer}",
            f"-filer.port.grpc={ports.filer_grpc}",
            "-s3",
            f"-s3.port={ports.s3}",
            f"-s3.port.grpc={ports.s3_grpc}",
            # Catalogues of tables, which nobody asks here, and whose ports are the same for all.
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={folder}/seaweedfs/identities.json",
        ),
        f"http://127.0.0.1:{ports.s3}/healthz",
    )
