from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from images.archives import read
from images.errors import CommandFailed


def tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


CONFIGURATION = json.dumps({"os": "linux"}).encode()
LOWER, UPPER = tar({"etc/old": b"1", "etc/kept": b"2"}), tar({"etc/.wh.old": b""})


def manifest(configuration: str, *layers: str) -> bytes:
    return json.dumps([{"Config": configuration, "RepoTags": [], "Layers": layers}]).encode()


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                "a1.tar": LOWER,
                "b2.tar": UPPER,
                "c3.json": CONFIGURATION,
                "manifest.json": manifest("c3.json", "a1.tar", "b2.tar"),
            },
            id="a docker-archive",
        ),
        pytest.param(
            {
                "blobs/sha256/a1": gzip.compress(LOWER),
                "blobs/sha256/b2": UPPER,
                "blobs/sha256/c3": CONFIGURATION,
                "index.json": b"{}",
                "manifest.json": manifest("blobs/sha256/c3", "blobs/sha256/a1", "blobs/sha256/b2"),
                "VERSION": b"1.0",
                "empty": b"",
            },
            id="an OCI layout",
        ),
    ],
)
def test_an_archive_is_read_as_its_manifest_says(files: dict[str, bytes], tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar(files))
    contents = read(["cat", str(archive)])
    assert contents.configuration == {"os": "linux"}
    assert [len(layer) for layer in contents.layers] == [2, 1]
    assert list(contents.files()) == ["etc/kept"]


def test_a_command_that_fails_gives_no_image(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar({"manifest.json": b"[]"}))
    with pytest.raises(CommandFailed, match="this failed: sh"):
        read(["sh", "-c", f"cat {archive}; exit 1"])
