import os
from pathlib import Path

import pytest

from waas_job.errors import BadConfiguration
from waas_job.scratch import ScratchFile
from waas_job.storage.file_transport import FileTransport
from waas_job.storage.transport import Body, TransferError, TransportByScheme

CONTENT = Body(b"new", "text/plain")
CONTENT_IF_ABSENT = Body(b"new", "text/plain", only_if_absent=True)


def test_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "with spaces & ümlauts.json"
    path.write_bytes(b"{}")
    assert FileTransport().get(path.as_uri()).body == b"{}"


def test_missing_file_is_told_as_404(tmp_path: Path) -> None:
    answer = FileTransport().get((tmp_path / "none").as_uri())
    assert (answer.status, answer.error_code) == (404, "NoSuchKey")


def test_folder_in_place_of_a_file_is_told_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"^Is a directory$"):
        FileTransport().get(tmp_path.as_uri())


def test_file_is_written_whole_into_folders_that_are_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "results/1/transcript.json"
    assert FileTransport().put(path.as_uri(), CONTENT).is_success
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["transcript.json"]


def test_file_is_stored_as_a_copy_of_another(tmp_path: Path) -> None:
    source, path = tmp_path / "source.webm", tmp_path / "stored/preview.webm"
    source.write_bytes(b"sound" * 400_000)
    assert FileTransport().put(path.as_uri(), Body(source, "audio/webm")).is_success
    assert path.read_bytes() == source.read_bytes()
    assert os.listdir(path.parent) == ["preview.webm"]


def test_file_that_is_gone_is_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "stored/preview.webm"
    with pytest.raises(FileNotFoundError):
        FileTransport().put(path.as_uri(), Body(tmp_path / "none", "audio/webm"))
    assert not path.exists()


def test_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(b"old")
    assert FileTransport().put(path.as_uri(), CONTENT).is_success
    assert path.read_bytes() == b"new"


def test_file_is_created(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    assert FileTransport().put(path.as_uri(), CONTENT_IF_ABSENT).is_success
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["manifest.json"]


def test_file_that_is_there_is_not_replaced_when_it_shall_not_be(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b"old")
    assert FileTransport().put(path.as_uri(), CONTENT_IF_ABSENT).status == 412
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["manifest.json"]


def test_file_is_copied_to_the_sink(tmp_path: Path) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(bytes(3_000_000))
    with ScratchFile(tmp_path, "recording.wav") as sink:
        assert FileTransport().download(path.as_uri(), sink).is_success
        assert sink.size == 3_000_000


@pytest.mark.parametrize("url", ["ftp://store.test/key", "no-url", "", "http://[broken"])
def test_scheme_without_a_transport_is_a_bad_configuration(url: str) -> None:
    transport = TransportByScheme({"file": FileTransport()})
    with pytest.raises(BadConfiguration, match=r"begin with one of: file\.$"):
        transport.get(url)
