"""What an engine sees of the cache: the folder alone."""

import os
from pathlib import Path

import pytest

from support.model_builders import (
    CONTENT,
    FOLDER_CONTENTS,
    MODEL,
    lay_out_file,
    lay_out_folder,
    make_cache,
    sha256,
)
from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry
from waas_job.errors import BadConfiguration, ModelNotFound
from waas_job.model_cache.cached_model import find_cached_model
from waas_job.model_cache.markers import write_marker


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


def test_pulled_model_is_known_by_the_folder_alone(folder: Path, elsewhere: Path) -> None:
    make_cache(folder, lay_out_folder(elsewhere)).pull(MODEL)
    # Not part of the model, so nobody verified it.
    (folder / MODEL / "other.safetensors").write_bytes(b"smuggled")
    found = find_cached_model(folder, MODEL)
    assert found.layout is ModelLayout.SAFETENSORS
    assert found.weight_files == (folder / MODEL / "model.safetensors",)
    assert found.find_file("config.json") == folder / MODEL / "config.json"
    assert found.verify() == sha256(CONTENT)


def test_verified_file_is_not_read_again(folder: Path, entry: CatalogueEntry) -> None:
    path = make_cache(folder, entry).pull(MODEL).path
    about = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert find_cached_model(folder, MODEL).verify() == sha256(CONTENT)


def test_file_that_is_another_is_refused(folder: Path, entry: CatalogueEntry) -> None:
    make_cache(folder, entry).pull(MODEL).path.write_bytes(b"something else")
    with pytest.raises(ModelNotFound, match=r"parrot\.pt in .* is not the catalogue's; its"):
        find_cached_model(folder, MODEL).verify()


def test_marker_for_another_digest_does_not_vouch(folder: Path, entry: CatalogueEntry) -> None:
    path = make_cache(folder, entry).pull(MODEL).path
    path.write_bytes(b"something else")
    write_marker(path, sha256(b"something else"))
    with pytest.raises(ModelNotFound, match="is not the catalogue's"):
        find_cached_model(folder, MODEL).verify()


def test_openais_name_stands_for_openais_file(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "large-v3.pt").write_bytes(b"not OpenAI's")
    with pytest.raises(ModelNotFound, match="should be e5b1a55b89c1367dacf97e3e19bfd829"):
        find_cached_model(folder, "large").verify()


def test_missing_model_is_told_with_the_way_to_fill(folder: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"there is no large-v3\.pt in .*waas models pull"):
        find_cached_model(folder, "large")


def test_model_that_no_catalogue_names_is_told_so(folder: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"no heron\.pt in .*, and no catalogue names it"):
        find_cached_model(folder, "heron")


def test_half_a_folder_is_missing_a_file(folder: Path, elsewhere: Path) -> None:
    make_cache(folder, lay_out_folder(elsewhere)).pull(MODEL)
    (folder / MODEL / "model.safetensors").unlink()
    with pytest.raises(ModelNotFound, match=rf"no model\.safetensors in {folder}/parrot"):
        find_cached_model(folder, MODEL)


def test_several_weight_files_have_one_digest(folder: Path) -> None:
    (folder / MODEL).mkdir(parents=True)
    (folder / MODEL / "config.json").write_bytes(FOLDER_CONTENTS["config.json"])
    for number in (1, 2):
        (folder / MODEL / f"model-0000{number}-of-00002.safetensors").write_bytes(CONTENT)
    found = find_cached_model(folder, MODEL)
    assert len(found.weight_files) == 2
    assert found.verify() == sha256(f"{sha256(CONTENT)}\n{sha256(CONTENT)}".encode())


def test_broken_catalogue_of_the_folder_is_a_bad_configuration(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "catalogue.json").write_text("{}")
    with pytest.raises(BadConfiguration, match=r"catalogue\.json: must hold one list"):
        find_cached_model(folder, "base")
