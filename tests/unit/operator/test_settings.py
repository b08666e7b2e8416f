"""Settings from the environment, and the ones that are refused."""

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from support.builders import make_settings
from waas_operator.main import explain_settings
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
            ' "nodeSelector": {"gpu": "a10"}, "runtimeClassName": "nvidia", "device": "cuda"}}'
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
        )
    }
    assert settings.source_buckets == {"newsroom": ("archive", "tapes")}
    assert settings.url_lifetime_seconds == 3600


def test_the_least_that_must_be_set_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)

    assert settings == make_settings(s3_secret_key="hidden")
    assert settings.profiles == {"default": Profile()}
    assert settings.model_cache_claim is None


def test_the_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)

    assert settings.s3_secret_key.get_secret_value() == "hidden"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(monkeypatch, **{name: None})

    explanation = explain_settings(caught.value)
    assert explanation == f"{name}: Field required"
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
