"""Tells from what a program prints whether a version that somebody else installed is fit to use."""

from __future__ import annotations

import re

# kube-apiserver and its clients here speak APIs that are stable since long before this, but only
# these minors are tried; older ones are also out of support.
_OLDEST_KUBERNETES = (1, 34)
_OLDEST_ETCD = (3, 5)
_OLDEST_COREDNS = (1, 11)
_OLDEST_GO = (1, 26)
# It knows the names of the checks that the chart's annotations turn off.
_OLDEST_KUBE_SCORE = (1, 19)
_OLDEST_ACTIONLINT = (1, 7)
_OLDEST_KWOK = (0, 8)

_PATTERNS = {
    "etcd": re.compile(r"etcd Version: v?(\d+)\.(\d+)"),
    "minio": re.compile(r"minio version (?:RELEASE\.(\d+)-(\d+)|DEVELOPMENT)"),
    "coredns": re.compile(r"CoreDNS-(\d+)\.(\d+)"),
    "go": re.compile(r"go version go(\d+)\.(\d+)"),
    "kube-score": re.compile(r"kube-score version: (\d+)\.(\d+)"),
    "kwok": re.compile(r"kwok version v(\d+)\.(\d+)"),
    # It has no name for itself.
    "actionlint": re.compile(r"^v?(\d+)\.(\d+)\.\d+\ninstalled"),
}
_KUBERNETES_PATTERN = re.compile(r"Kubernetes v(\d+)\.(\d+)")


def is_fit(name: str, printed: str) -> bool:
    """Tells whether the program `name` that printed this about its version can be used."""
    match = _PATTERNS.get(name, _KUBERNETES_PATTERN).search(printed)
    if match is None:
        return False
    if name == "minio":
        return True
    version = int(match[1]), int(match[2])
    if name == "etcd":
        return _OLDEST_ETCD <= version < (4, 0)
    if name == "coredns":
        return version >= _OLDEST_COREDNS
    if name == "kube-score":
        return version >= _OLDEST_KUBE_SCORE
    if name == "actionlint":
        return version >= _OLDEST_ACTIONLINT
    if name == "kwok":
        return version >= _OLDEST_KWOK
    if name == "go":
        return version >= _OLDEST_GO
    return _OLDEST_KUBERNETES <= version < (2, 0)
