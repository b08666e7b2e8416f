from __future__ import annotations

from pathlib import Path

import pytest

from images.lending import caches, files, mounts, settings, uv_cache


def no_go(_: str) -> str | None:
    return None


def test_settings_name_what_is_mounted_and_pass_on_where_registries_are() -> None:
    environment = {
        "GOPROXY": "https://go.mirror.test|direct",
        "UV_DEFAULT_INDEX": "https://python.mirror.test/simple?a=1&b=2",
        "PIP_INDEX_URL": "",
        "SSL_CERT_FILE": "/home/me/ca.crt",
        "PATH": "/home/me/bin",
    }
    secrets = ["host-ca", "host-pip", "host-uv"]
    assert settings(environment, secrets, ["UV_CACHE_DIR"]) == (
        "export UV_DEFAULT_INDEX='https://python.mirror.test/simple?a=1&b=2'\n"
        "export GOPROXY='https://go.mirror.test|direct'\n"
        "export SSL_CERT_FILE=/run/host-ca.crt\n"
        "export PIP_CERT=/run/host-ca.crt\n"
        "export PIP_CONFIG_FILE=/run/host-pip.conf\n"
        "export UV_CONFIG_FILE=/run/host-uv.toml\n"
        "export UV_CACHE_DIR=/mnt\n"
    )


def test_a_machine_with_nothing_special_has_nothing_to_say() -> None:
    assert settings({"PATH": "/bin"}, [], []) == ""


def test_files_are_taken_from_the_environment_before_the_home_folder(tmp_path: Path) -> None:
    for path in ("ca.crt", "home/.config/pip/pip.conf", "home/.config/uv/uv.toml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = files(
        {"SSL_CERT_FILE": str(tmp_path / "ca.crt"), "PIP_CONFIG_FILE": "/nowhere/pip.conf"},
        tmp_path / "home",
    )
    assert found == {
        "host-ca": tmp_path / "ca.crt",
        "host-pip": tmp_path / "home/.config/pip/pip.conf",
        "host-uv": tmp_path / "home/.config/uv/uv.toml",
    }


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/home/me/.cache/uv"),
        ({"XDG_CACHE_HOME": "/fast"}, "/fast/uv"),
        ({"XDG_CACHE_HOME": "/fast", "UV_CACHE_DIR": "/own"}, "/own"),
    ],
)
def test_the_cache_of_uv_is_found_as_uv_finds_it(environment: dict[str, str], folder: str) -> None:
    assert uv_cache(environment, Path("/home/me")) == Path(folder)


def test_only_caches_that_are_there_are_lent(tmp_path: Path) -> None:
    go_modules = tmp_path / "go/pkg/mod"
    go_modules.mkdir(parents=True)
    variables = ("UV_CACHE_DIR", "GOMODCACHE", "GOCACHE")
    answers = {"GOMODCACHE": str(go_modules), "GOCACHE": str(tmp_path / "not-yet")}

    assert caches(variables, {}, tmp_path, answers.get) == {"GOMODCACHE": go_modules}
    assert caches(variables, {}, tmp_path, no_go) == {}


def test_the_cache_that_steps_of_an_image_see_is_mounted_on_a_folder_of_debian() -> None:
    lent = {"UV_CACHE_DIR": Path("/home/me/uv"), "GOCACHE": Path("/home/me/go")}
    assert mounts(lent) == {
        "/mnt": Path("/home/me/uv"),
        "/opt/host-go-build": Path("/home/me/go"),
    }
