"""Settings from the environment, and the ones that are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from support.api_builders import make_settings
from waas_api.main import main
from waas_api.settings import Settings
from waas_contract.models import MODEL_NAMES


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NAMESPACE": "team-a",
        "S3_ENDPOINT": "http://minio:9000",
        "S3_ACCESS_KEY": "waas",
        "S3_SECRET_KEY": "hidden",
        "MODELS": "base, tiny",
        "KUBECONFIG": "/etc/kubeconfig",
    }.items():
        monkeypatch.setenv(f"WAAS_{name}", value)

    settings = Settings()

    assert settings.models == ("base", "tiny")
    assert settings.kubeconfig == Path("/etc/kubeconfig")
    assert settings.s3_secret_key.get_secret_value() == "hidden"
    assert "hidden" not in repr(settings)


def test_every_model_of_whisper_is_offered_unless_told_otherwise() -> None:
    assert make_settings().models == MODEL_NAMES


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"models": "base"}, "WAAS_DEFAULT_MODEL is 'tiny', which WAAS_MODELS does not list"),
        ({"openai_model": "b"}, "WAAS_OPENAI_MODEL is 'b', which WAAS_MODELS does not list"),
        ({"s3_endpoint": "ftp://minio"}, "URL scheme should be 'http' or 'https'"),
        ({"s3_endpoint": "http://minio/waas"}, "WAAS_S3_ENDPOINT must not have a path"),
        ({"upload_part_bytes": 1024}, "greater than or equal to 5242880"),
        ({"largest_upload_bytes": 52_428_800_001}, "at most 52428800000 with parts of 5242880"),
        ({"namespace": ""}, "at least 1 character"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        make_settings(**changes)


def test_a_missing_setting_is_named_and_the_others_are_kept_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAAS_S3_SECRET_KEY", "open-sesame")
    monkeypatch.setenv("WAAS_S3_ENDPOINT", "http://minio:9000")

    assert main() == 78

    said = capsys.readouterr().err
    assert "WAAS_NAMESPACE: Field required" in said
    assert "open-sesame" not in said
