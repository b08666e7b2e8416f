import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from waas_standalone.main import read_settings
from waas_standalone.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAAS_DATA", "WAAS_MODEL_DIRECTORY", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_folders_are_those_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    settings = Settings()
    assert settings.data == Path("/home/ada/.local/share/waas")
    assert settings.model_directory == Path("/home/ada/.cache/waas/models")
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert not settings.stop_at_end_of_input


def test_folders_follow_the_xdg_base_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    monkeypatch.setenv("XDG_CACHE_HOME", "/srv/cache")
    settings = Settings()
    assert settings.data == Path("/srv/data/waas")
    assert settings.model_directory == Path("/srv/cache/waas/models")


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAAS_DATA", "/srv/waas")
    monkeypatch.setenv("WAAS_PROCESSES", "3")
    monkeypatch.setenv("WAAS_STOP_AT_END_OF_INPUT", "true")
    monkeypatch.setenv("WAAS_MODELS", "tiny, house-style")
    settings = Settings()
    assert settings.stop_at_end_of_input
    assert (settings.data, settings.processes) == (Path("/srv/waas"), 3)
    assert settings.models == ("tiny", "house-style")


@pytest.mark.parametrize(
    ("sentence", "value", "base_url"),
    [
        ("the old service's address", "https://waas.example", "https://waas.example/"),
        ("another program's variable", "./public", None),
        ("an address that links cannot begin with", "https://waas.example/?a=1", None),
        ("none", "", None),
    ],
)
def test_a_base_url_that_was_not_meant_for_us_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
    sentence: str,  # noqa: ARG001
    value: str,
    base_url: str | None,
) -> None:
    monkeypatch.setenv("BASE_URL", value)
    monkeypatch.setenv("WAAS_PROCESSES", "3")

    settings = read_settings(os.environ)

    assert settings.processes == 3
    assert (settings.base_url and str(settings.base_url)) == base_url


@pytest.mark.parametrize(
    ("name", "told"), [("WAAS_BASE_URL", "WAAS_BASE_URL"), ("WAAS_PROCESSES", "processes")]
)
def test_a_mistake_in_our_own_variables_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv("BASE_URL", "./public")
    monkeypatch.setenv(name, "none")

    with pytest.raises(ValidationError, match=told):
        read_settings(os.environ)
