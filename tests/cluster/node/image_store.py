"""Brings images into the node's containerd, straight from where they are built.

containerd's folder outlives the node, so an image is brought once per machine. What was brought for
a node stays as long as that node, so that pods can go back to it; then newer ones take its place.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.binaries.machine import cache_folder
from cluster.errors import ImageNotLoaded
from cluster.node import places

# Returns the command that writes an image, by its reference, to its standard output.
ArchiveCommand = Callable[[str], Sequence[str]]
Report = Callable[[str], None]

# The references of what was brought for the node that is up.
_BROUGHT = places.STATE / "images"

_ENVIRONMENT = {"PATH": places.SEARCH_PATH}
# The second name that the kubelet's side of containerd gives an image: its configuration's digest.
_SECOND_NAME = "sha256:"


def image_folder() -> Path:
    """Returns the folder where containerd keeps images, from one node to the next."""
    return cache_folder() / "containerd"


def parse_images(printed: str) -> dict[str, str]:
    """Reads the digest of each image from what `ctr images list` prints."""
    rows = [line.split() for line in printed.splitlines()[1:]]
    return {words[0]: words[2] for words in rows}


def repository(reference: str) -> str:
    """Returns a reference without its tag."""
    return reference.rpartition(":")[0]


def superseded(stored: Mapping[str, str], wanted: Iterable[str]) -> list[str]:
    """Picks the images with the name of a wanted one and another tag, and their second names.

    What has the content of an image that stays is not among them.
    """
    references = set(wanted)
    names = {repository(each) for each in references}
    old = {each for each in stored if repository(each) in names and each not in references}
    kept = {
        digest
        for each, digest in stored.items()
        if each not in old and not each.startswith(_SECOND_NAME)
    }
    gone = {stored[each] for each in old} - kept
    seconds = {each for each in stored if each.startswith(_SECOND_NAME) and stored[each] in gone}
    return sorted(old | seconds)


@dataclass(frozen=True)
class ImageStore:
    """The images of the node, by way of containerd's own client."""

    ctr: Path

    def images(self) -> dict[str, str]:
        """Returns the digest of each image."""
        return parse_images(self._run("images", "list"))

    def load(self, references: Iterable[str], archive: ArchiveCommand, report: Report) -> None:
        """Brings the images that are not here, and then removes older ones of their names."""
        wanted = list(dict.fromkeys(references))
        stored = self.images()
        for reference in wanted:
            if reference not in stored:
                report(f"bringing {reference} into the node")
                self._import(reference, archive(reference))
        brought = {*wanted, *(_BROUGHT.read_text().split() if _BROUGHT.exists() else ())}
        _BROUGHT.write_text("\n".join(sorted(brought)))
        if old := superseded(self.images(), brought):
            self._run("images", "remove", *old)

    def _import(self, reference: str, command: Sequence[str]) -> None:
        """Pipes an archive in, so that it takes no room on the disk."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writing:
            assert writing.stdout is not None
            reading = subprocess.run(
                self._command("images", "import", "-"),
                stdin=writing.stdout,
                capture_output=True,
                text=True,
                check=False,
                env=_ENVIRONMENT,
            )
            if reading.returncode != 0:
                # Or the writer would wait for a reader for ever.
                writing.stdout.close()
            _, writer_says = writing.communicate()
        if writing.returncode != 0 or reading.returncode != 0:
            raise ImageNotLoaded(
                f"{reference} did not get into the node: {reading.stderr.strip()}"
                f" {writer_says.decode(errors='replace').strip()}".rstrip()
            )
        if reference not in self.images():
            raise ImageNotLoaded(f"the archive that should hold {reference} holds another image")

    def remove_containers(self) -> bool:
        """Removes what containerd remembers of an earlier node's pods; tells whether it did any.

        Their processes ended with that node, but their files are still here.
        """
        containers = self._run("containers", "list", "--quiet").split()
        if containers:
            self._run("containers", "remove", *containers)
        return bool(containers)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            self._command(*words), capture_output=True, text=True, check=False, env=_ENVIRONMENT
        )
        if done.returncode != 0:
            raise ImageNotLoaded(f"`ctr {' '.join(words[:2])}` failed: {done.stderr.strip()}")
        return done.stdout

    def _command(self, *words: str) -> list[str]:
        # The namespace is the one in which the kubelet looks.
        return [str(self.ctr), "--address", str(places.SOCKET), "--namespace", "k8s.io", *words]
