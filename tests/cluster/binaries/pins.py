"""The servers that a test cluster runs, checkers of manifests and workflows, and how each is had.

In the versions with which they were tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parents[1] / "tools"

KUBERNETES = "v1.36.2"
ETCD = "v3.6.8"
COREDNS = "v1.15.0"
KUBE_ROUTER = "v2.1.0"
MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c"
KUBE_SCORE = "v1.20.0"
ACTIONLINT = "v1.7.12"
KWOK = "v0.8.0"

# Without these the servers call themselves v0.0.0, which Helm's kubeVersion checks refuse.
_KUBERNETES_LINKER_FLAGS = (
    f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}"
    " -X k8s.io/component-base/version.gitMajor=1"
    " -X k8s.io/component-base/version.gitMinor=36"
)


@dataclass(frozen=True)
class Release:
    """An official download, with `{os}` and `{arch}` still open in its addresses."""

    # The file itself.
    address: str
    # A text that names the file's SHA-256, alone or as one of many `sha256sum` lines.
    checksums: str
    # The path of the binary inside the file when that is a .tar.gz.
    member: str | None = None


@dataclass(frozen=True)
class Binary:
    """One program in the one version that we download or build."""

    name: str
    version: str
    # The folder under `cluster/tools` whose go.mod pins the source.
    tool_module: str
    # The Go import path of its main package.
    package: str
    # What a build took on two cores, in the order of `BINARIES` (the later ones find much already
    # compiled): the middle between a machine that did nothing else and a busy one.
    build_seconds: int
    linker_flags: str = ""
    release: Release | None = None


def _kubernetes(name: str, build_seconds: int) -> Binary:
    address = f"https://dl.k8s.io/release/{KUBERNETES}/bin/{{os}}/{{arch}}/{name}"
    return Binary(
        name=name,
        version=KUBERNETES,
        tool_module="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        build_seconds=build_seconds,
        linker_flags=_KUBERNETES_LINKER_FLAGS,
        release=Release(address, f"{address}.sha256"),
    )


_ETCD_RELEASE = f"https://github.com/etcd-io/etcd/releases/download/{ETCD}"
_COREDNS_RELEASE = (
    f"https://github.com/coredns/coredns/releases/download/{COREDNS}"
    f"/coredns_{COREDNS.removeprefix('v')}_{{os}}_{{arch}}.tgz"
)
_KUBE_ROUTER_MODULE = "github.com/cloudnativelabs/kube-router/v2"
_KUBE_ROUTER_RELEASE = (
    f"https://github.com/cloudnativelabs/kube-router/releases/download/{KUBE_ROUTER}"
)
_KUBE_ROUTER_FILES = f"{_KUBE_ROUTER_RELEASE}/kube-router_{KUBE_ROUTER.removeprefix('v')}"
_ACTIONLINT_RELEASE = f"https://github.com/rhysd/actionlint/releases/download/{ACTIONLINT}"
_ACTIONLINT_FILES = f"{_ACTIONLINT_RELEASE}/actionlint_{ACTIONLINT.removeprefix('v')}"
_KUBE_SCORE_RELEASE = f"https://github.com/zegl/kube-score/releases/download/{KUBE_SCORE}"

BINARIES = (
    Binary(
        name="etcd",
        version=ETCD,
        tool_module="etcd",
        package="go.etcd.io/etcd/server/v3",
        build_seconds=45,
        release=Release(
            f"{_ETCD_RELEASE}/etcd-{ETCD}-{{os}}-{{arch}}.tar.gz",
            f"{_ETCD_RELEASE}/SHA256SUMS",
            member=f"etcd-{ETCD}-{{os}}-{{arch}}/etcd",
        ),
    ),
    _kubernetes("kube-apiserver", 270),
    _kubernetes("kube-controller-manager", 70),
    _kubernetes("kube-scheduler", 6),
    _kubernetes("kubelet", 26),
    _kubernetes("kube-proxy", 6),
    # MinIO publishes its server as source only, so there is nothing to download.
    Binary(
        name="minio",
        version=MINIO,
        tool_module="minio",
        package="github.com/minio/minio",
        build_seconds=140,
    ),
    Binary(
        name="coredns",
        version=COREDNS,
        tool_module="coredns",
        package="github.com/coredns/coredns",
        build_seconds=75,
        release=Release(_COREDNS_RELEASE, f"{_COREDNS_RELEASE}.sha256", member="coredns"),
    ),
    Binary(
        name="kube-router",
        version=KUBE_ROUTER,
        tool_module="kube-router",
        package=f"{_KUBE_ROUTER_MODULE}/cmd/kube-router",
        build_seconds=110,
        linker_flags=f"-X {_KUBE_ROUTER_MODULE}/pkg/version.Version={KUBE_ROUTER}",
        release=Release(
            f"{_KUBE_ROUTER_FILES}_{{os}}_{{arch}}.tar.gz",
            f"{_KUBE_ROUTER_FILES}_checksums.txt",
            member="kube-router",
        ),
    ),
    # It plays the kubelet where only the control plane is measured. Its releases name no checksums.
    Binary(
        name="kwok",
        version=KWOK,
        tool_module="kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        build_seconds=60,
    ),
    # It looks over what the chart makes.
    Binary(
        name="kube-score",
        version=KUBE_SCORE,
        tool_module="kube-score",
        package="github.com/zegl/kube-score/cmd/kube-score",
        build_seconds=60,
        release=Release(
            f"{_KUBE_SCORE_RELEASE}/kube-score_{KUBE_SCORE.removeprefix('v')}_{{os}}_{{arch}}.tar.gz",
            f"{_KUBE_SCORE_RELEASE}/checksums.txt",
            member="kube-score",
        ),
    ),
    # It looks over the workflows that nobody here can run.
    Binary(
        name="actionlint",
        version=ACTIONLINT,
        tool_module="actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        build_seconds=5,
        linker_flags=f"-X github.com/rhysd/actionlint.version={ACTIONLINT}",
        release=Release(
            f"{_ACTIONLINT_FILES}_{{os}}_{{arch}}.tar.gz",
            f"{_ACTIONLINT_FILES}_checksums.txt",
            member="actionlint",
        ),
    ),
)
