"""promtool, which tries the alerts: `PYTHONPATH=tests python -m cluster.promtool` gets it.

A promtool on PATH is taken. Otherwise it is taken out of Debian's package `prometheus`, which
apt-get downloads and nobody installs, once per machine, into the cache.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster import apt
from cluster.binaries.machine import ARCHITECTURE, SYSTEM, cache_folder
from cluster.errors import BinaryUnavailable, PackagesUnavailable

_PACKAGE = "prometheus"


def find_promtool() -> Path:
    """Returns the file of a promtool that is here already, or says how to get one."""
    if found := shutil.which("promtool"):
        return Path(found).absolute()
    if (cached := _place()).exists():
        return cached
    raise BinaryUnavailable(
        "there is no promtool: on Debian `make test` gets one; elsewhere install Prometheus"
    )


def obtain_promtool() -> Path:
    """Returns the file of a promtool, after getting it where it is not here."""
    try:
        return find_promtool()
    except BinaryUnavailable:
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise
    place = _place()
    place.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the rename is atomic: the cache never shows half a file.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as folder:
        try:
            apt.download(_PACKAGE, Path(folder))
        except PackagesUnavailable as error:
            raise BinaryUnavailable(str(error)) from error
        [package] = Path(folder).glob("*.deb")
        _extract(package, Path(folder, "files"))
        made = Path(folder) / "files/usr/bin/promtool"
        made.chmod(0o755)
        made.rename(place)
    return place


def _place() -> Path:
    return cache_folder() / "bin" / f"promtool-{SYSTEM}-{ARCHITECTURE}"


def _extract(package: Path, folder: Path) -> None:
    command = ["dpkg-deb", "--extract", str(package), str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise BinaryUnavailable(f"{package.name} cannot be unpacked: {error}") from error


def main() -> int:
    """Gets promtool; where that fails it says so, and the tests that need it are skipped."""
    try:
        sys.stdout.write(f"{obtain_promtool()}\n")
    except BinaryUnavailable as error:
        sys.stderr.write(f"cluster: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
