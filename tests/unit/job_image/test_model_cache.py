"""The cache itself, filled from another folder; what comes over a network has its own tests."""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.model_builders import (
    CONTENT,
    FOLDER_CONTENTS,
    MODEL,
    lay_out_file,
    lay_out_folder,
    make_cache,
    make_entry,
    sha256,
)
from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry
from waas_job.model_cache import (
    CacheUnusable,
    NoSpace,
    NotCached,
    PullProgress,
    SourceRefused,
    UnknownModel,
    WrongDigest,
)
from waas_job.model_cache.cached_model import find_cached_model
from waas_job.model_cache.partial_file import PartialFile


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that models come from."""
    return tmp_path / "elsewhere"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The cache; not made yet."""
    return tmp_path / "cache" / "models"


@pytest.fixture
def entry(elsewhere: Path) -> CatalogueEntry:
    return lay_out_file(elsewhere)


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Makes folders read-only until the test ends."""
    closed: list[Path] = []

    def close(path: Path) -> None:
        closed.append(path)
        path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        if os.access(path, os.W_OK):
            pytest.skip("root writes to read-only folders")

    yield close
    for path in closed:
        path.chmod(stat.S_IRWXU)


def list_files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".locks" not in path.parts
    }


def test_pull_brings_a_verified_file(folder: Path, entry: CatalogueEntry) -> None:
    told: list[PullProgress] = []
    cache = make_cache(folder, entry)
    before = cache.list()
    assert [(state.is_cached, state.is_verified, state.bytes) for state in before] == [
        (False, False, None)
    ]
    state = cache.pull(MODEL, told.append)
    assert (state.is_cached, state.is_verified, state.bytes) == (True, True, len(CONTENT))
    assert state.path == cache.path(MODEL) == folder / "parrot.pt"
    assert state.path.read_bytes() == CONTENT
    assert told[0] == PullProgress(MODEL, "parrot.pt", 0, len(CONTENT))
    assert told[-1] == PullProgress(MODEL, "parrot.pt", len(CONTENT), len(CONTENT))
    assert list_files(folder) == {"parrot.pt", "parrot.pt.sha256", "catalogue.json"}


def test_marker_is_what_sha256sum_reads(folder: Path, entry: CatalogueEntry) -> None:
    make_cache(folder, entry).pull(MODEL)
    command = ["sha256sum", "--check", "--strict", "parrot.pt.sha256"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout


def test_folder_of_files_is_pulled_whole(folder: Path, elsewhere: Path) -> None:
    cache = make_cache(folder, lay_out_folder(elsewhere))
    assert cache.pull(MODEL).path == folder / MODEL
    pulled = {name: (folder / MODEL / name).read_bytes() for name in FOLDER_CONTENTS}
    assert pulled == FOLDER_CONTENTS


def test_pull_of_what_is_there_fetches_nothing(
    folder: Path, entry: CatalogueEntry, elsewhere: Path
) -> None:
    folder.mkdir(parents=True)
    shutil.move(elsewhere / "parrot.pt", folder)
    assert make_cache(folder, entry).pull(MODEL).is_verified


def test_pull_replaces_a_file_that_is_another(folder: Path, entry: CatalogueEntry) -> None:
    folder.mkdir(parents=True)
    (folder / "parrot.pt").write_bytes(b"an older one")
    make_cache(folder, entry).pull(MODEL)
    assert (folder / "parrot.pt").read_bytes() == CONTENT


def test_failed_pull_leaves_the_file_that_was_there(folder: Path, entry: CatalogueEntry) -> None:
    folder.mkdir(parents=True)
    (folder / "parrot.pt").write_bytes(b"an older one")
    Path(entry.files[0].address.removeprefix("file://")).unlink()
    with pytest.raises(SourceRefused, match=r"parrot\.pt does not give the file \(HTTP 404"):
        make_cache(folder, entry).pull(MODEL)
    assert (folder / "parrot.pt").read_bytes() == b"an older one"


def test_wrong_digest_is_refused_and_nothing_kept(folder: Path, entry: CatalogueEntry) -> None:
    wrong = make_entry(b"other weights", address=entry.files[0].address)
    with pytest.raises(WrongDigest, match=f"its SHA-256 is {sha256(CONTENT)} and should be"):
        make_cache(folder, wrong).pull(MODEL)
    assert list_files(folder) == set()


def test_interrupted_copy_is_finished_by_the_next_process(
    folder: Path, entry: CatalogueEntry
) -> None:
    target = folder / "parrot.pt"
    folder.mkdir(parents=True)
    with PartialFile(target, sha256(CONTENT), lambda _: None) as partial:
        partial.write(CONTENT)
    # It was killed between the last byte and the name.
    told: list[PullProgress] = []
    make_cache(folder, entry).pull(MODEL, told.append)
    assert [progress.received_bytes for progress in told] == [len(CONTENT)]
    assert target.read_bytes() == CONTENT


def test_what_was_begun_for_an_older_digest_is_thrown_away(
    folder: Path, entry: CatalogueEntry
) -> None:
    folder.mkdir(parents=True)
    with PartialFile(folder / "parrot.pt", "0" * 64, lambda _: None) as stale:
        stale.write(b"half of an older one")
    make_cache(folder, entry).pull(MODEL)
    assert list_files(folder) == {"parrot.pt", "parrot.pt.sha256", "catalogue.json"}


def test_file_that_does_not_fit_is_not_begun(folder: Path, entry: CatalogueEntry) -> None:
    with pytest.raises(NoSpace, match=r"parrot\.pt does not fit into .*: it needs 7000 more bytes"):
        make_cache(folder, entry, free_bytes=1000).pull(MODEL)


def test_disk_that_fills_up_on_the_way_is_told(tmp_path: Path) -> None:
    class FullDisk:
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    with PartialFile(tmp_path / "parrot.pt", "0" * 64, lambda _: None) as partial:
        partial.write(b"first")
        file, partial._file = partial._file, FullDisk()  # type: ignore[assignment]
        file.close()
        with pytest.raises(NoSpace, match=r"it had room for 5 bytes of .*parrot\.pt"):
            partial.write(b"second")
    assert partial.path.read_bytes() == b"first"


def test_unknown_model_is_told_with_the_known_ones(folder: Path, entry: CatalogueEntry) -> None:
    cache = make_cache(folder, entry)
    for ask in (cache.pull, cache.verify, cache.path):
        with pytest.raises(UnknownModel, match=r"'cockatoo'\. Known are: parrot\. A "):
            ask("cockatoo")


def test_model_that_is_not_there_is_told_with_the_way_to_fill(
    folder: Path, entry: CatalogueEntry
) -> None:
    cache = make_cache(folder, entry)
    for ask in (cache.verify, cache.path):
        with pytest.raises(NotCached, match=f"`waas models pull parrot` .* copy .* to {folder}"):
            ask(MODEL)


def test_verify_reads_the_file_although_there_is_a_marker(
    folder: Path, entry: CatalogueEntry
) -> None:
    cache = make_cache(folder, entry)
    path = cache.pull(MODEL).path
    about = path.stat()
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert cache.list()[0].is_verified
    with pytest.raises(WrongDigest, match=r"`waas models pull parrot` replaces it"):
        cache.verify(MODEL)


def test_verify_notes_what_it_found(folder: Path, entry: CatalogueEntry) -> None:
    folder.mkdir(parents=True)
    (folder / "parrot.pt").write_bytes(CONTENT)
    cache = make_cache(folder, entry)
    assert not cache.list()[0].is_verified
    assert cache.verify(MODEL).is_verified
    assert cache.list()[0].is_verified


def test_read_only_folder_is_enough_to_work_offline(
    folder: Path, entry: CatalogueEntry, elsewhere: Path, read_only: Callable[[Path], None]
) -> None:
    make_cache(folder, entry).pull(MODEL)
    shutil.rmtree(elsewhere)
    (folder / "parrot.pt.sha256").unlink()
    cache = make_cache(folder, entry)
    read_only(folder)
    assert cache.verify(MODEL).is_verified
    assert find_cached_model(folder, MODEL).verify() == sha256(CONTENT)
    with pytest.raises(CacheUnusable, match=r"cannot be used: Permission denied"):
        cache.pull(MODEL)


def test_pull_of_what_is_verified_writes_nothing(folder: Path, entry: CatalogueEntry) -> None:
    cache = make_cache(folder, entry)
    cache.pull(MODEL)
    shutil.rmtree(folder / ".locks")
    assert cache.pull(MODEL).is_verified
    assert not (folder / ".locks").exists()


def test_folder_that_cannot_be_made_is_told(tmp_path: Path, entry: CatalogueEntry) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheUnusable, match=r"cannot be used: Not a directory"):
        make_cache(tmp_path / "file" / "models", entry).pull(MODEL)


def test_model_that_somebody_laid_there_is_listed(folder: Path, entry: CatalogueEntry) -> None:
    folder.mkdir(parents=True)
    lay_out_folder(folder / "cockatoo")
    (folder / "budgie.pt").write_bytes(CONTENT)
    cache = make_cache(folder, entry)
    assert [(state.name, state.layout, state.is_cached) for state in cache.list()] == [
        (MODEL, ModelLayout.OPENAI, False),
        ("budgie", ModelLayout.OPENAI, True),
        ("cockatoo", ModelLayout.SAFETENSORS, True),
    ]
    assert cache.path("budgie") == folder / "budgie.pt"
