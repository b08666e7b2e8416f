"""The command lines of buildah, docker and podman. Pure: nothing here runs anything.

buildah is used as it is on a machine without a container engine: with a store of its own, without
namespaces (`chroot`), and without a registry. docker and podman are used as they come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from images.catalogue import REGISTRY

Words = tuple[str, ...]


@dataclass(frozen=True)
class Build:
    """What one build is asked for."""

    dockerfile: Path
    context: Path
    tag: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    # Not by an argument of the Dockerfile's: buildah 1.28 takes a LABEL of another value from its
    # cache.
    labels: Mapping[str, str] = field(default_factory=dict)
    # Files that single RUN steps ask for by these names; they are never stored.
    secrets: Mapping[str, Path] = field(default_factory=dict)
    # Folders of this machine by the place where all RUN steps see them; buildah only.
    mounts: Mapping[str, Path] = field(default_factory=dict)
    # The stage to stop at; None: the last.
    stage: str | None = None

    def lent(self, secrets: Mapping[str, Path], mounts: Mapping[str, Path]) -> Build:
        """Returns the same with what this machine lends to it."""
        return replace(self, secrets=secrets, mounts=mounts)


@dataclass(frozen=True)
class Buildah:
    """buildah as root, with its images in `folder`."""

    folder: Path
    program: str = "buildah"

    @property
    def temporary_folder(self) -> Path:
        """Where it keeps a layer while it writes one, and the cache mounts."""
        return self.folder / "tmp"

    def build(self, wanted: Build) -> Words:
        return self._words(
            "build",
            "--isolation=chroot",
            "--layers",
            # What a FROM names was put into the store before; see bases.py.
            "--pull=never",
            *_build_options(wanted),
            *(f"--volume={folder}:{at}" for at, folder in wanted.mounts.items()),
            str(wanted.context),
        )

    def list_images(self) -> Words:
        return self._words("images", "--no-trunc", "--format={{.Name}}:{{.Tag}} {{.ID}}")

    def tag(self, source: str, target: str) -> Words:
        return self._words("tag", source, target)

    def remove(self, reference: str) -> Words:
        return self._words("rmi", reference)

    def archive(self, reference: str) -> Words:
        return self._words(
            "push",
            "--quiet",
            # Compressed it would have to be decompressed at once by whoever reads it.
            "--disable-compression",
            reference,
            f"docker-archive:/dev/stdout:{reference}",
        )

    def pull(self, reference: str) -> Words:
        return self._words("pull", "--quiet", reference)

    def describe_layers(self, reference: str) -> Words:
        return self._words("inspect", "--type=image", reference)

    def layer_sizes(self, printed: str) -> list[int]:
        """Reads the bytes of each layer, lowest first, from what `describe_layers` prints."""
        manifest = json.loads(json.loads(printed)["Manifest"])
        return [layer["size"] for layer in manifest["layers"]]

    def remove_untagged(self) -> Words:
        """Removes what no tagged image stands on; the lower layers of tagged ones stay."""
        return self._words("rmi", "--prune")

    def remove_containers(self) -> Words:
        """Removes what a build that was killed left behind, which would hold its image."""
        return self._words("rm", "--all")

    def _words(self, command: str, *options: str) -> Words:
        return (
            # Layers of gigabytes pass through here: on the disk that has been checked for room.
            "env",
            f"TMPDIR={self.temporary_folder}",
            self.program,
            f"--root={self.folder / 'store'}",
            f"--runroot={self.folder / 'run'}",
            "--storage-driver=overlay",
            command,
            *options,
        )


@dataclass(frozen=True)
class Engine:
    """docker or podman, as whoever runs this may use them."""

    program: str

    def build(self, wanted: Build) -> Words:
        return (self.program, "build", *_build_options(wanted), str(wanted.context))

    def list_images(self) -> Words:
        return (
            self.program,
            "images",
            "--no-trunc",
            "--format={{.Repository}}:{{.Tag}} {{.ID}}",
        )

    def tag(self, source: str, target: str) -> Words:
        return (self.program, "tag", source, target)

    def remove(self, reference: str) -> Words:
        return (self.program, "rmi", reference)

    def archive(self, reference: str) -> Words:
        if self.program == "podman":
            return (self.program, "save", "--quiet", "--format=docker-archive", reference)
        return (self.program, "save", reference)

    def describe_layers(self, reference: str) -> Words:
        return (self.program, "history", "--human=false", "--format={{.Size}}", reference)

    def layer_sizes(self, printed: str) -> list[int]:
        """Reads the bytes of each layer, lowest first, from what `describe_layers` prints."""
        return [int(size) for size in reversed(printed.split()) if int(size)]

    def find_storage(self) -> Words:
        """Prints the folder where the engine keeps its images, as the engine sees it."""
        field_name = "Store.GraphRoot" if self.program == "podman" else "DockerRootDir"
        return (self.program, "info", f"--format={{{{.{field_name}}}}}")


Builder = Buildah | Engine


def stored_images(printed: str) -> dict[str, str]:
    """Reads the id of each tagged image, by its canonical reference, from `list_images`."""
    rows = (line.split() for line in printed.splitlines() if line.strip())
    return {canonical(name): image_id for name, image_id in rows if "<none>" not in name}


def canonical(reference: str) -> str:
    """Returns a reference with its registry, which docker leaves out."""
    return reference if "/" in reference else f"{REGISTRY}/{reference}"


def _build_options(wanted: Build) -> Words:
    return (
        f"--file={wanted.dockerfile}",
        f"--tag={wanted.tag}",
        *([f"--target={wanted.stage}"] if wanted.stage else []),
        *(f"--build-arg={name}={value}" for name, value in wanted.arguments.items()),
        *(f"--label={name}={value}" for name, value in wanted.labels.items()),
        *(f"--secret=id={name},src={path}" for name, path in wanted.secrets.items()),
    )
