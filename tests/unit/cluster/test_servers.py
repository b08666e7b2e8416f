from __future__ import annotations

from pathlib import Path

import pytest

from cluster import servers
from cluster.servers import Credentials, Ports, SeaweedPorts, Server

RUN = Path("/run")
PORTS = Ports(etcd=1, etcd_peers=2, apiserver=3, controller_manager=4, scheduler=5)
BINARIES = {
    name: Path("/bin") / name
    for name in (
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "minio",
        "kwok",
    )
}

ETCD = servers.etcd(BINARIES, RUN, PORTS)
APISERVER = servers.apiserver(BINARIES, RUN, PORTS)
CONTROLLER_MANAGER = servers.controller_manager(BINARIES, RUN, PORTS)
SCHEDULER = servers.scheduler(BINARIES, RUN, PORTS)
MINIO = servers.minio(BINARIES, RUN, 6, Credentials("user", "password"))
KWOK = servers.kwok(BINARIES, RUN, Path("/run/kubeconfig"), 7)
SEAWEEDFS = servers.seaweedfs(Path("/bin/weed"), RUN, SeaweedPorts(1, 2, 3, 4, 5, 6, 7, 8))


def test_etcd() -> None:
    assert (
        Server(
            "etcd",
            (
                "/bin/etcd",
                "--data-dir=/run/etcd",
                "--listen-client-urls=http://127.0.0.1:1",
                "--advertise-client-urls=http://127.0.0.1:1",
                "--listen-peer-urls=http://127.0.0.1:2",
                "--initial-advertise-peer-urls=http://127.0.0.1:2",
                "--initial-cluster=default=http://127.0.0.1:2",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ),
            "http://127.0.0.1:1/health",
        )
        == ETCD
    )


def test_apiserver() -> None:
    assert (
        Server(
            "kube-apiserver",
            (
                "/bin/kube-apiserver",
                "--etcd-servers=http://127.0.0.1:1",
                "--bind-address=127.0.0.1",
                "--secure-port=3",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--tls-cert-file=/run/tls/server.crt",
                "--tls-private-key-file=/run/tls/server.key",
                "--client-ca-file=/run/tls/ca.crt",
                "--authorization-mode=Node,RBAC",
                "--allow-privileged=true",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                "--service-account-signing-key-file=/run/tls/service-accounts.key",
                "--service-account-key-file=/run/tls/service-accounts.pub",
                "--profiling=false",
            ),
            "https://127.0.0.1:3/readyz",
        )
        == APISERVER
    )


def test_controller_manager() -> None:
    assert (
        Server(
            "kube-controller-manager",
            (
                "/bin/kube-controller-manager",
                "--kubeconfig=/run/kubeconfigs/kube-controller-manager",
                "--bind-address=127.0.0.1",
                "--secure-port=4",
                "--tls-cert-file=/run/tls/server.crt",
                "--tls-private-key-file=/run/tls/server.key",
                "--leader-elect=false",
                "--controllers=*,-node-ipam-controller,-node-route-controller,"
                "-service-lb-controller,-cloud-node-lifecycle-controller,"
                "-node-lifecycle-controller,-taint-eviction-controller,"
                "-device-taint-eviction-controller,-persistentvolume-attach-detach-controller,"
                "-persistentvolume-expander-controller",
                "--use-service-account-credentials=true",
                "--root-ca-file=/run/tls/ca.crt",
                "--service-account-private-key-file=/run/tls/service-accounts.key",
                "--kube-api-qps=200",
                "--kube-api-burst=400",
                "--profiling=false",
            ),
            "https://127.0.0.1:4/healthz",
        )
        == CONTROLLER_MANAGER
    )


def test_apiserver_of_a_cluster_with_a_node() -> None:
    assert servers.apiserver(BINARIES, RUN, PORTS, "10.244.255.1") == Server(
        "kube-apiserver",
        (
            "/bin/kube-apiserver",
            "--etcd-servers=http://127.0.0.1:1",
            "--bind-address=10.244.255.1",
            "--secure-port=3",
            "--advertise-address=10.244.255.1",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-certificate-authority=/run/tls/ca.crt",
            "--kubelet-client-certificate=/run/tls/kubelet-client.pem",
            "--kubelet-client-key=/run/tls/kubelet-client.pem",
            "--requestheader-client-ca-file=/run/tls/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--proxy-client-cert-file=/run/tls/front-proxy-client.pem",
            "--proxy-client-key-file=/run/tls/front-proxy-client.pem",
            *APISERVER.command[6:],
        ),
        "https://10.244.255.1:3/readyz",
    )


def test_with_a_node_only_the_controllers_of_clouds_are_left_out() -> None:
    command = servers.controller_manager(BINARIES, RUN, PORTS, with_node=True).command
    assert (
        "--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,"
        "-cloud-node-lifecycle-controller"
    ) in command
    assert "--flex-volume-plugin-dir=/run/node/volume-plugins" in command


def test_scheduler() -> None:
    assert (
        Server(
            "kube-scheduler",
            (
                "/bin/kube-scheduler",
                "--kubeconfig=/run/kubeconfigs/kube-scheduler",
                "--bind-address=127.0.0.1",
                "--secure-port=5",
                "--tls-cert-file=/run/tls/server.crt",
                "--tls-private-key-file=/run/tls/server.key",
                "--leader-elect=false",
                "--kube-api-qps=200",
                "--kube-api-burst=400",
                "--profiling=false",
            ),
            "https://127.0.0.1:5/healthz",
        )
        == SCHEDULER
    )


def test_minio() -> None:
    assert (
        Server(
            "minio",
            (
                "/bin/minio",
                "server",
                "/run/minio",
                "--address=127.0.0.1:6",
                "--certs-dir=/run/minio-certs",
                "--quiet",
            ),
            "http://127.0.0.1:6/minio/health/ready",
            {
                "MINIO_ROOT_USER": "user",
                "MINIO_ROOT_PASSWORD": "password",
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
            },
        )
        == MINIO
    )


def test_kwok() -> None:
    assert (
        Server(
            "kwok",
            (
                "/bin/kwok",
                "--config=/run/kwok.yaml",
                "--kubeconfig=/run/kubeconfig",
                "--manage-all-nodes",
                "--server-address=127.0.0.1:7",
            ),
            "http://127.0.0.1:7/healthz",
        )
        == KWOK
    )


def test_seaweedfs() -> None:
    assert (
        Server(
            "seaweedfs",
            (
                "/bin/weed",
                "server",
                "-dir=/run/seaweedfs",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.port=1",
                "-master.port.grpc=2",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.port=3",
                "-volume.port.grpc=4",
                "-volume.max=100",
                "-filer",
                "-filer.port=5",
                "-filer.port.grpc=6",
                "-s3",
                "-s3.port=7",
                "-s3.port.grpc=8",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-s3.config=/run/seaweedfs/identities.json",
            ),
            "http://127.0.0.1:7/healthz",
        )
        == SEAWEEDFS
    )


@pytest.mark.parametrize(
    "server",
    [ETCD, APISERVER, CONTROLLER_MANAGER, SCHEDULER, MINIO, KWOK, SEAWEEDFS],
    ids=lambda each: each.name,
)
def test_a_command_line_names_the_run_folder_by_which_its_process_is_recognised(
    server: Server,
) -> None:
    assert any("/run/" in word for word in server.command)
