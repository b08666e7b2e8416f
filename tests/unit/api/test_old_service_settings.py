"""The old service's variables, under its names and ours."""

import pytest

from waas_api.main import explain_settings
from waas_api.settings import Settings

REQUIRED = {
    "WAAS_NAMESPACE": "team-a",
    "WAAS_S3_ENDPOINT": "http://minio:9000",
    "WAAS_S3_ACCESS_KEY": "waas",
    "WAAS_S3_SECRET_KEY": "hidden",
}


@pytest.fixture(autouse=True)
def required_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.mark.parametrize("prefix", ["", "WAAS_"])
def test_each_is_read_under_both_names(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    variables = {
        "DISCLAIMER": '<b class="big">Careful</b>',
        "ALLOWED_WEBHOOKS_FILE": "/etc/waas/list.json",
    }

    settings = read(monkeypatch, **{f"{prefix}{name}": each for name, each in variables.items()})

    assert settings.disclaimer == '<b class="big">Careful</b>'
    assert str(settings.allowed_webhooks_file) == "/etc/waas/list.json"


def test_our_name_counts_before_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WAAS_DISCLAIMER="ours", DISCLAIMER="theirs")

    assert settings.disclaimer == "ours"


def test_what_is_empty_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, DISCLAIMER="", ALLOWED_WEBHOOKS_FILE="")

    assert (settings.allowed_webhooks_file, settings.disclaimer) == (None, "")


def test_callbacks_are_required_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch).callback_required
    # A word that others use as well: only with our prefix.
    assert read(monkeypatch, CALLBACK_REQUIRED="false").callback_required
    assert not read(monkeypatch, WAAS_CALLBACK_REQUIRED="false").callback_required


def test_what_cannot_work_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read(monkeypatch, WAAS_LONGEST_DETECTION_SECONDS="0")

    assert "WAAS_LONGEST_DETECTION_SECONDS: Input should" in explain_settings(caught.value)
