import os
from pathlib import Path

import pytest

from support.model_builders import sha256
from waas_job.model_cache.markers import read_marker, write_marker

CONTENT = b"weights" * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "parrot.pt"
    path.write_bytes(CONTENT)
    write_marker(path, sha256(CONTENT))
    assert read_marker(path) == sha256(CONTENT)
    return path


def test_marker_says_nothing_of_a_file_that_changed(path: Path) -> None:
    path.write_bytes(CONTENT[::-1])
    os.utime(path, (2_000_000_000, 2_000_000_000))
    assert read_marker(path) is None


def test_marker_says_nothing_of_a_file_of_another_length(path: Path) -> None:
    about = path.stat()
    path.write_bytes(CONTENT + b"!")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert read_marker(path) is None


def test_marker_holds_in_an_archive_that_keeps_whole_seconds(path: Path) -> None:
    seconds = int(path.stat().st_mtime)
    os.utime(path, (seconds, seconds))
    assert read_marker(path) == sha256(CONTENT)


def test_marker_says_nothing_without_the_file(path: Path) -> None:
    path.unlink()
    assert read_marker(path) is None


@pytest.mark.parametrize("text", ["", "abc", "\0\xff", f"{'a' * 64}  parrot.pt\n"])
def test_marker_that_somebody_else_wrote_says_nothing(path: Path, text: str) -> None:
    path.with_name("parrot.pt.sha256").write_bytes(text.encode("latin-1"))
    assert read_marker(path) is None
