from __future__ import annotations

import pytest

from cluster.binaries.versions import is_fit


@pytest.mark.parametrize(
    ("name", "printed", "fit"),
    [
        ("kube-apiserver", "Kubernetes v1.36.2\n", True),
        ("kube-apiserver", "Kubernetes v1.34.0-rc.1\n", True),
        ("kube-scheduler", "Kubernetes v1.40.1\n", True),
        ("kube-scheduler", "Kubernetes v1.33.9\n", False),
        ("kube-scheduler", "Kubernetes v0.0.0-master+$Format:%H$\n", False),
        ("kube-controller-manager", "", False),
        ("etcd", "etcd Version: 3.6.8\nGit SHA: 1234567\n", True),
        ("etcd", "etcd Version: 3.5.21\n", True),
        ("etcd", "etcd Version: 3.4.30\n", False),
        ("etcd", "Kubernetes v1.36.2\n", False),
        ("minio", "minio version RELEASE.2025-04-22T22-12-26Z (commit-id=1)\n", True),
        ("minio", "minio version DEVELOPMENT.GOGET (commit-id=DEVELOPMENT.GOGET)\n", True),
        ("minio", "Midnight Commander 4.8\n", False),
        ("coredns", "CoreDNS-1.15.0\nlinux/amd64, go1.26.8, \n", True),
        ("coredns", "CoreDNS-1.8.6\nlinux/amd64, go1.17.1, \n", False),
        ("actionlint", "v1.7.12\ninstalled by building from source\nbuilt with go1.26\n", True),
        ("actionlint", "1.7.7\ninstalled by downloading from release page\n", True),
        ("actionlint", "1.6.27\ninstalled by downloading from release page\n", False),
        ("kwok", "kwok version v0.8.0 go1.26.8 (linux/amd64)\n", True),
        ("kwok", "kwok version v0.7.0 go1.24.1 (linux/amd64)\n", False),
        ("go", "go version go1.26.8 linux/amd64\n", True),
        ("go", "go version go1.30 linux/arm64\n", True),
        ("go", "go version go1.25.5 linux/amd64\n", False),
        ("go", "go: not found\n", False),
    ],
)
def test_a_version_is_read_from_what_the_program_prints(name: str, printed: str, fit: bool) -> None:
    assert is_fit(name, printed) is fit
