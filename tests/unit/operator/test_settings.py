"""Settings from the environment, and the ones that are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from support.builders import make_settings
from waas_operator.main import explain_settings, main
from waas_operator.settings import Profile, Settings

NEEDED = {
    "WAAS_JOB_NAMESPACES": "newsroom",
    "WAAS_JOB_IMAGE": "registry.example/waas-job:1",
    "WAAS_S3_ENDPOINT": "http://store.example:9000",
    "WAAS_S3_ACCESS_KEY": "key",
    "WAAS_S3_SECRET_KEY": "hidden",
}


def read(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> Settings:
    for name, value in {**NEEDED, **variables}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return Settings()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        WAAS_JOB_NAMESPACES=" newsroom, sports ,,",
        WAAS_PROFILES=(
            '{"gpu": {"resources": {"limits": {"nvidia.com/gpu": 1}},'
            ' "nodeSelector": {"gpu": "a10"}, "runtimeClassName": "nvidia", "device": "cuda",'
            ' "precision": "float32"}}'
        ),
        WAAS_SOURCE_BUCKETS='{"newsroom": ["archive", "tapes"]}',
        WAAS_URL_LIFETIME_SECONDS="3600",
    )

    assert settings.job_namespaces == ("newsroom", "sports")
    assert settings.profiles == {
        "gpu": Profile(
            resources={"limits": {"nvidia.com/gpu": 1}},
            node_selector={"gpu": "a10"},
            runtime_class_name="nvidia",
            device="cuda",
            precision="float32",
        )
    }
    assert settings.source_buckets == {"newsroom": ("archive", "tapes")}
    assert settings.url_lifetime_seconds == 3600


def test_the_least_that_must_be_set_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)

    assert settings == make_settings(s3_secret_key="hidden", removal_grace_seconds=60)
    assert settings.profiles == {"default": Profile()}
    assert settings.model_cache_claim is None


def test_the_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)

    assert settings.storage_user == ("key", "hidden")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(monkeypatch, **{name: None})

    explanation = explain_settings(caught.value)
    assert name in explanation
    assert "hidden" not in explanation


REFUSED = [
    ("a slip in a profile", "WAAS_PROFILES", '{"gpu": {"nodeSelectr": {"gpu": "a10"}}}'),
    ("no namespace", "WAAS_JOB_NAMESPACES", " , "),
    ("an address without a scheme", "WAAS_S3_ENDPOINT", "store.example:9000"),
    ("an address with a path", "WAAS_S3_ENDPOINT", "http://store.example/waas"),
    ("an address of another kind for jobs", "WAAS_S3_ENDPOINT_FOR_JOBS", "ftp://store.example"),
    ("URLs that live longer than S3 allows", "WAAS_URL_LIFETIME_SECONDS", "604801"),
    ("nobody to reconcile", "WAAS_RECONCILE_CONCURRENCY", "0"),
    ("a level of nobody's", "WAAS_LOG_LEVEL", "LOUD"),
    ("a device that is none", "WAAS_PROFILES", '{"default": {"device": "tpu"}}'),
    ("a precision that is none", "WAAS_PROFILES", '{"default": {"precision": "int4"}}'),
]


@pytest.mark.parametrize(
    ("name", "value"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_settings_that_cannot_work_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        read(monkeypatch, **{name: value})

    explanation = explain_settings(caught.value)
    assert explanation.startswith(name)
    assert "hidden" not in explanation


def test_json_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, WAAS_PROFILES="{default}")

    assert 'parsing value for field "profiles"' in explain_settings(caught.value)


FILES = [
    ("a list that is none", "WAAS_ALLOWED_WEBHOOKS_FILE", "{}", "the whole: Input should be"),
    ("a list that is not there", "WAAS_ALLOWED_WEBHOOKS_FILE", None, "No such file"),
    ("certificates that are none", "WAAS_EMAIL_SENDER_CA_FILE", "hidden", "not certificates"),
]


@pytest.mark.parametrize(
    ("name", "content", "complaint"), [pytest.param(*case[1:], id=case[0]) for case in FILES]
)
def test_a_file_that_does_not_fit_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
    content: str | None,
    complaint: str,
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_text(content)
    sender = {"EMAIL_SENDER_ADDRESS": "waas@example.org", "EMAIL_SENDER_HOST": "smtp.example.org"}
    for variable, value in {**NEEDED, **sender, name: str(path)}.items():
        monkeypatch.setenv(variable, value)

    assert main() == 78

    said = capsys.readouterr().err
    assert str(path) in said
    assert complaint in said
    assert "hidden" not in said


def test_half_a_sender_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, value in {**NEEDED, "EMAIL_SENDER_PASSWORD": "open-sesame"}.items():
        monkeypatch.setenv(variable, value)

    assert main() == 78

    said = capsys.readouterr().err
    assert "without WAAS_EMAIL_SENDER_ADDRESS and WAAS_EMAIL_SENDER_HOST" in said
    assert "open-sesame" not in said
