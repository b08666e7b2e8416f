from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from cluster.binaries.downloads import download
from cluster.binaries.pins import BINARIES
from cluster.errors import BinaryUnavailable

RELEASES = {each.name: each.release for each in BINARIES if each.release is not None}

APISERVER = "https://dl.k8s.io/release/v1.36.2/bin/linux/amd64/kube-apiserver"
ETCD = "https://github.com/etcd-io/etcd/releases/download/v3.6.8"

COREDNS = (
    "https://github.com/coredns/coredns/releases/download/v1.15.0/coredns_1.15.0_linux_amd64.tgz"
)


def tar_gz(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def test_a_kubernetes_binary_is_checked_against_its_own_checksum_file() -> None:
    web = {APISERVER: b"binary", f"{APISERVER}.sha256": sha256(b"binary")}
    assert download(RELEASES["kube-apiserver"], "linux", "amd64", web.__getitem__) == b"binary"


def test_etcd_is_checked_against_its_line_and_unpacked() -> None:
    archive = tar_gz("etcd-v3.6.8-linux-arm64/etcd", b"binary")
    web = {
        f"{ETCD}/etcd-v3.6.8-linux-arm64.tar.gz": archive,
        f"{ETCD}/SHA256SUMS": b"\n".join(
            [
                sha256(b"other") + b"  etcd-v3.6.8-linux-amd64.tar.gz",
                sha256(archive) + b"  etcd-v3.6.8-linux-arm64.tar.gz",
            ]
        ),
    }
    assert download(RELEASES["etcd"], "linux", "arm64", web.__getitem__) == b"binary"


def test_coredns_is_checked_and_unpacked() -> None:
    archive = tar_gz("coredns", b"binary")
    web = {
        COREDNS: archive,
        f"{COREDNS}.sha256": sha256(archive) + b"  coredns_1.15.0_linux_amd64.tgz\n",
    }
    assert download(RELEASES["coredns"], "linux", "amd64", web.__getitem__) == b"binary"


@pytest.mark.parametrize("published", [sha256(b"other"), b"", b"<html>not here</html>"])
def test_a_download_that_does_not_match_is_refused(published: bytes) -> None:
    web = {APISERVER: b"binary", f"{APISERVER}.sha256": published}
    with pytest.raises(BinaryUnavailable, match="SHA-256"):
        download(RELEASES["kube-apiserver"], "linux", "amd64", web.__getitem__)


def test_a_download_that_breaks_off_is_one_of_our_errors() -> None:
    def break_off(address: str) -> bytes:
        raise ConnectionResetError(address)

    with pytest.raises(BinaryUnavailable, match="failed"):
        download(RELEASES["kube-apiserver"], "linux", "amd64", break_off)
