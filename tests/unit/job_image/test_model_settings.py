from pathlib import Path

import pytest

from support.model_builders import make_entry, sha256
from waas_contract.model_catalogue import render_catalogue
from waas_job.errors import BadConfiguration
from waas_job.model_cache import UnusableCatalogue, default_model_directory, open_model_cache
from waas_job.model_cache.pulling import mirrored, shown


def test_folder_is_in_the_users_cache_unless_told(tmp_path: Path) -> None:
    assert default_model_directory({"XDG_CACHE_HOME": "/c"}) == Path("/c/waas/models")
    assert default_model_directory({}) == Path.home() / ".cache/waas/models"
    assert open_model_cache({"WAAS_MODEL_DIRECTORY": str(tmp_path)}).folder == tmp_path


def test_catalogues_add_up_and_the_last_word_wins(tmp_path: Path) -> None:
    for number in (1, 2):
        path = tmp_path / f"{number}.json"
        path.write_text(
            render_catalogue(
                [
                    make_entry(b"%d" % number, name="base"),
                    make_entry(name=f"parrot-{number}"),
                ]
            )
        )
    variables = {
        "WAAS_MODEL_CATALOGUE": f"{tmp_path}/1.json:{tmp_path}/2.json",
        "WAAS_MODEL_DIRECTORY": str(tmp_path / "models"),
    }
    catalogue = open_model_cache(variables).catalogue
    base = catalogue.find("base")
    assert base is not None
    assert base.files[0].sha256 == sha256(b"2")
    assert {"parrot-1", "parrot-2", "tiny"} <= {entry.name for entry in catalogue}


def test_missing_catalogue_is_named(tmp_path: Path) -> None:
    variables = {"WAAS_MODEL_CATALOGUE": str(tmp_path / "none.toml")}
    with pytest.raises(UnusableCatalogue, match=r"There is no catalogue .*none\.toml"):
        open_model_cache(variables, folder=tmp_path)


@pytest.mark.parametrize("mirror", ["models.example", "s3://bucket", "https://", "http://["])
def test_mirror_that_is_no_url_is_named(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_MODEL_MIRROR is"):
        open_model_cache({"WAAS_MODEL_MIRROR": mirror}, folder=tmp_path)


@pytest.mark.parametrize(
    ("address", "mirror", "expected"),
    [
        ("https://openai.test/main/a.pt", None, "https://openai.test/main/a.pt"),
        ("https://openai.test/main/a.pt", "http://10.0.0.7:8080", "http://10.0.0.7:8080/main/a.pt"),
        ("http://openai.test/a.pt?v=2", "https://m.test/models/", "https://m.test/models/a.pt?v=2"),
        ("https://openai.test/main/a.pt", "file:///mnt/mirror", "file:///mnt/mirror/main/a.pt"),
        ("file:///srv/a.pt", "https://m.test", "file:///srv/a.pt"),
    ],
)
def test_mirror_takes_the_place_of_scheme_and_host(
    address: str, mirror: str | None, expected: str
) -> None:
    assert mirrored(address, mirror) == expected


def test_address_is_shown_without_secrets() -> None:
    assert shown("https://me:secret@m.test:8443/a.pt?token=secret#x") == "https://m.test:8443/a.pt"
