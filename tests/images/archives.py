"""Looks into an image as whoever imports it does: by the docker-archive that a builder writes."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

from images.errors import CommandFailed

# A file with this before its name takes the one of that name in a lower layer away.
_WHITEOUT = ".wh."
_BILL = "opt/waas/sbom.cdx.json"


@dataclass(frozen=True)
class Contents:
    """What is in an image."""

    # The image's configuration, as the OCI specifies it.
    configuration: dict[str, Any]
    # What each layer adds, lowest first.
    layers: list[list[tarfile.TarInfo]]
    # The list of the packages in it, as CycloneDX has it; empty where there is none.
    bill_of_materials: dict[str, Any]

    def files(self) -> dict[str, tarfile.TarInfo]:
        """Returns what a container sees, by its path without the leading slash."""
        seen: dict[str, tarfile.TarInfo] = {}
        for layer in self.layers:
            for member in layer:
                path = member.name.removeprefix("./").rstrip("/")
                folder, _, name = path.rpartition("/")
                if name.startswith(_WHITEOUT):
                    removed = f"{folder}/{name.removeprefix(_WHITEOUT)}".lstrip("/")
                    seen = {
                        each: what
                        for each, what in seen.items()
                        if each != removed and not each.startswith(f"{removed}/")
                    }
                else:
                    seen[path] = member
        return seen


def read(command: Iterable[str]) -> Contents:
    """Reads the archive that a command writes to its standard output; keeps none of it on disk.

    Which member is what, the manifest tells, and that may come last.
    """
    with subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as made:
        assert made.stdout is not None
        members: dict[str, Any] = {}
        bills: list[dict[str, Any]] = []
        with tarfile.open(fileobj=made.stdout, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    members[member.name] = _read_member(content, bills)
        made.stdout.read()
    if made.returncode != 0:
        raise CommandFailed(f"this failed: {' '.join(command)}")
    [manifest] = members["manifest.json"]
    layers = [members[name] for name in manifest["Layers"]]
    return Contents(members[manifest["Config"]], layers, bills[-1] if bills else {})


def _read_member(content: IO[bytes], bills: list[dict[str, Any]]) -> Any:
    """Returns a document, or what is in a layer; nothing for what is neither.

    Adds the bills of materials that it comes by.

    By its beginning, since in the OCI's layout, which Docker writes, names are mere digests.
    """
    assert isinstance(content, io.BufferedReader)
    if content.peek(1)[:1] in (b"{", b"["):
        return json.load(content)
    try:
        with tarfile.open(fileobj=content, mode="r|*") as layer:
            found = []
            for member in layer:
                found.append(member)
                if member.name.endswith(_BILL) and (file := layer.extractfile(member)):
                    bills.append(json.load(file))
            return found
    except tarfile.ReadError:
        return None
