"""What this machine lends to builds: its way to registries of packages, and its caches.

Where registries are reached through a mirror, or through a proxy with a certificate authority of
its own, a RUN step needs the same settings as this machine's own pip, uv and Go. They are given as
secrets, which each builder mounts for the steps that ask for them and never stores. Caches can be
mounted by buildah: uv's has torch once `make setup` ran, Go's has MinIO once the test servers are
built, and neither is then downloaded, kept or compiled twice.
"""

from __future__ import annotations

import shlex
import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

# Where the Dockerfiles mount the secrets.
_CA = "/run/host-ca.crt"
_PIP = "/run/host-pip.conf"
_UV = "/run/host-uv.toml"

# Where caches are mounted, by the variable that names their place. For the one that an image's own
# steps see it is an empty folder of Debian's, since a folder made to mount on would stay.
_CACHE_PLACES = {
    "UV_CACHE_DIR": "/mnt",
    "GOMODCACHE": "/opt/host-go-modules",
    "GOCACHE": "/opt/host-go-build",
}

_PASSED_ON = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INSECURE_HOST"),
    *("UV_HTTP_TIMEOUT", "UV_SYSTEM_CERTS"),
    *("GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE"),
)

_CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def files(environment: Mapping[str, str], home: Path) -> dict[str, Path]:
    """Returns the files that builds may mount, by secret."""
    default = ssl.get_default_verify_paths().cafile
    candidates: dict[str, Iterable[str | Path | None]] = {
        "host-ca": (*map(environment.get, ("SSL_CERT_FILE", "PIP_CERT")), default, *_CA_BUNDLES),
        "host-pip": (
            environment.get("PIP_CONFIG_FILE"),
            home / ".config/pip/pip.conf",
            home / ".pip/pip.conf",
            "/etc/pip.conf",
        ),
        "host-uv": (
            environment.get("UV_CONFIG_FILE"),
            home / ".config/uv/uv.toml",
            "/etc/uv/uv.toml",
        ),
    }
    found = {
        name: next((Path(path) for path in paths if path and Path(path).is_file()), None)
        for name, paths in candidates.items()
    }
    return {name: path for name, path in found.items() if path}


def caches(
    variables: Iterable[str],
    environment: Mapping[str, str],
    home: Path,
    ask_go: Callable[[str], str | None],
) -> dict[str, Path]:
    """Returns this machine's folder for each variable that names a cache, where there is one.

    `ask_go` returns one of Go's settings, or None where there is no Go.
    """
    folders = {
        name: uv_cache(environment, home) if name == "UV_CACHE_DIR" else ask_go(name)
        for name in variables
    }
    return {name: Path(path) for name, path in folders.items() if path and Path(path).is_dir()}


def uv_cache(environment: Mapping[str, str], home: Path) -> Path:
    """Returns where uv keeps its cache, unless a file of settings says otherwise."""
    if chosen := environment.get("UV_CACHE_DIR"):
        return Path(chosen)
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "uv"


def mounts(lent: Mapping[str, Path]) -> dict[str, Path]:
    """Returns the folder to mount at each place, for caches by their variables."""
    return {_CACHE_PLACES[name]: folder for name, folder in lent.items()}


def settings(
    environment: Mapping[str, str], secrets: Iterable[str], lent_caches: Iterable[str]
) -> str:
    """Returns the shell lines by which pip, uv and Go find what is lent, and go where we go."""
    places = {
        "host-ca": {"SSL_CERT_FILE": _CA, "PIP_CERT": _CA},
        "host-pip": {"PIP_CONFIG_FILE": _PIP},
        "host-uv": {"UV_CONFIG_FILE": _UV},
    }
    variables = {name: environment[name] for name in _PASSED_ON if environment.get(name)}
    for secret in secrets:
        variables |= places[secret]
    variables |= {name: _CACHE_PLACES[name] for name in lent_caches}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
