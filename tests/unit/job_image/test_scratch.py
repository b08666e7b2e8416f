import errno
import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from waas_job.errors import BadAudio, InternalError, JobError, StorageUnavailable
from waas_job.scratch import ScratchFile


def test_file_knows_its_length_and_digest(tmp_path: Path) -> None:
    with ScratchFile(tmp_path, "interview.mp3") as file:
        file.write(b"one ")
        file.write(b"two")
        assert file.path.read_bytes() == b"one two"
        assert (file.size, file.sha256) == (7, hashlib.sha256(b"one two").hexdigest())


def test_file_begins_anew(tmp_path: Path) -> None:
    with ScratchFile(tmp_path, "interview.mp3") as file:
        file.write(b"one ")
        file.etag = '"v1"'
        file.restart()
        file.write(b"two")
        assert file.path.read_bytes() == b"two"
        assert file.size == 3
        assert file.etag is None
        assert file.sha256 == hashlib.sha256(b"two").hexdigest()


def test_file_becomes_another_name_and_leaves_the_first_alone(tmp_path: Path) -> None:
    source = tmp_path / "source.mp3"
    source.write_bytes(b"one two")
    with ScratchFile(tmp_path, "interview.mp3") as file:
        file.write(b"half of it")
        assert file.adopt(source)
        file.write(b"one two")
        assert file.path.samefile(source)
        assert (file.size, file.sha256) == (7, hashlib.sha256(b"one two").hexdigest())
    assert source.read_bytes() == b"one two"
    assert os.listdir(tmp_path) == ["source.mp3"]


def test_file_that_is_another_name_begins_anew_on_its_own(tmp_path: Path) -> None:
    source = tmp_path / "source.mp3"
    source.write_bytes(b"one two")
    with ScratchFile(tmp_path, "interview.mp3") as file:
        assert file.adopt(source)
        file.restart()
        file.write(b"three")
        assert file.path.read_bytes() == b"three"
        assert file.adopt(source)
        assert file.adopt(source)
    assert source.read_bytes() == b"one two"


def test_file_is_copied_where_it_cannot_have_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with ScratchFile(tmp_path, "interview.mp3") as file:
        assert not file.adopt(tmp_path / "source.mp3")
        file.write(b"one two")
        assert file.path.read_bytes() == b"one two"


@pytest.mark.parametrize(("blocks", "error"), [(1_000_000, StorageUnavailable), (1, InternalError)])
def test_a_full_disk_costs_an_attempt_only_where_the_recording_fills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, error: type[JobError]
) -> None:
    disk = SimpleNamespace(f_blocks=blocks, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    with ScratchFile(tmp_path, "interview.mp3") as file:
        file.write(b"x" * 3000)

        def fail(_: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(file, "_file", SimpleNamespace(write=fail, close=file._file.close))
        with pytest.raises(error, match="room for 3000 bytes"):
            file.write(b"x" * 3000)


def test_file_is_gone_afterwards_also_after_an_error(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path, "interview.mp3")
    with pytest.raises(BadAudio), file:
        raise BadAudio("There is no sound.")
    assert not file.path.exists()


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("interview.MP3", "audio.MP3"),
        ("interview", "audio"),
        ("../../etc/passwd", "audio"),
        ("x.mp3/..", "audio"),
        ("trailing.", "audio"),
        ("odd.m p3", "audio"),
        ("", "audio"),
    ],
)
def test_name_keeps_nothing_but_a_harmless_suffix(
    tmp_path: Path, file_name: str, expected: str
) -> None:
    assert ScratchFile(tmp_path, file_name).path == tmp_path / expected
