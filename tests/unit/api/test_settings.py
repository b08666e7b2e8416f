"""Settings from the environment, and the ones that are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from support.api_builders import make_settings
from waas_api.access.settings import LoginMode
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
    assert settings.storage_user == ("waas", "hidden")
    assert "hidden" not in repr(settings)


def test_every_model_of_whisper_is_offered_unless_told_otherwise() -> None:
    assert make_settings().models == MODEL_NAMES


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"models": "base"}, "WAAS_DEFAULT_MODEL is 'tiny', which WAAS_MODELS does not list"),
        ({"authentication": "none,kubernetes"}, "has `none` beside a login"),
        ({"authentication": "api-keys"}, "exactly where WAAS_API_KEYS_FILE is set"),
        ({"api_keys_file": "/etc/keys"}, "exactly where WAAS_API_KEYS_FILE is set"),
        ({"authentication": "forwarded-user"}, "exactly where WAAS_TRUSTED_PROXIES is set"),
        ({"trusted_proxies": "10.0.0.0/8"}, "exactly where WAAS_TRUSTED_PROXIES is set"),
        (
            {"authentication": "forwarded-user", "trusted_proxies": "10.0.0.1/8"},
            "not a valid IPv4 network",
        ),
        ({"forwarded_user_header": "X User"}, "should match pattern"),
        ({"authentication": ""}, "at least 1 item"),
        ({"authentication": "password"}, "'none', 'api-keys', 'kubernetes' or 'forwarded-user'"),
        ({"namespaces": "team-b,team-c"}, "is 'team-a', which WAAS_NAMESPACES does not list"),
        ({"kubernetes_audiences": ""}, "at least 1 item"),
        ({"access_cache_seconds": 61}, "less than or equal to 60"),
        ({"access_cache_seconds": 9}, "greater than or equal to 10"),
        ({"link_secret": "too short"}, "at least 32 items"),
        ({"most_live_jobs": 0}, "greater than or equal to 1"),
        ({"openai_model": "b"}, "WAAS_OPENAI_MODEL is 'b', which WAAS_MODELS does not list"),
        ({"s3_endpoint": "ftp://minio"}, "URL scheme should be 'http' or 'https'"),
        ({"s3_endpoint": "http://minio/waas"}, "WAAS_S3_ENDPOINT must not have a path"),
        ({"upload_part_bytes": 1024}, "greater than or equal to 5242880"),
        ({"largest_upload_bytes": 167_772_160_001}, "at most 167772160000 with parts of 16777216"),
        ({"namespace": ""}, "at least 1 character"),
        ({"s3_secret_key": None}, "are both needed, or else WAAS_S3_WORKLOAD_IDENTITY"),
        ({"s3_workload_identity": True}, "and so are keys of a storage user: which holds"),
        ({"s3_token_service": "sts.example"}, "should match pattern"),
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


def test_logins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NAMESPACE": "team-a",
        "NAMESPACES": "team-b, team-a",
        "AUTHENTICATION": "kubernetes, api-keys",
        "API_KEYS_FILE": "/etc/keys.yaml",
        "LINK_SECRET": "a secret of more than 32 characters",
        "S3_ENDPOINT": "http://minio:9000",
        "S3_ACCESS_KEY": "waas",
        "S3_SECRET_KEY": "hidden",
    }.items():
        monkeypatch.setenv(f"WAAS_{name}", value)

    settings = Settings()

    assert settings.authentication == (LoginMode.KUBERNETES, LoginMode.API_KEYS)
    assert settings.served_namespaces(settings.namespace) == ("team-b", "team-a")
    assert settings.kubernetes_audiences == ("waas",)
    assert "a secret of" not in repr(settings)


def test_a_link_secret_that_is_empty_is_none() -> None:
    assert make_settings(link_secret="").link_secret is None


def test_a_file_of_keys_that_cannot_be_used_ends_the_program_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in {
        "NAMESPACE": "team-a",
        "AUTHENTICATION": "api-keys",
        "API_KEYS_FILE": str(tmp_path / "none.yaml"),
        "S3_ENDPOINT": "http://minio:9000",
        "S3_ACCESS_KEY": "waas",
        "S3_SECRET_KEY": "hidden",
    }.items():
        monkeypatch.setenv(f"WAAS_{name}", value)

    assert main() == 78
    assert f"{tmp_path}/none.yaml cannot be used: No such file" in capsys.readouterr().err
