"""The old service's variables, under its names and ours."""

import pytest

from waas_api.main import explain_settings, main
from waas_api.settings import Settings

REQUIRED = {
    "WAAS_NAMESPACE": "team-a",
    "WAAS_S3_ENDPOINT": "http://minio:9000",
    "WAAS_S3_ACCESS_KEY": "waas",
    "WAAS_S3_SECRET_KEY": "hidden",
}
SENDER = {"EMAIL_SENDER_ADDRESS": "waas@example.org", "EMAIL_SENDER_HOST": "smtp.example.org"}


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
        **SENDER,
        "EMAIL_SENDER_PASSWORD": "open-sesame",
        "BASE_URL": "https://waas.example.org/speech",
        "DISCLAIMER": '<b class="big">Careful</b>',
        "ALLOWED_WEBHOOKS_FILE": "/etc/waas/list.json",
    }

    settings = read(monkeypatch, **{f"{prefix}{name}": each for name, each in variables.items()})

    assert str(settings.base_url) == "https://waas.example.org/speech"
    assert settings.email_sender_address == "waas@example.org"
    assert settings.email_sender_host == "smtp.example.org"
    assert settings.email_sender_password is not None
    assert settings.email_sender_password.get_secret_value() == "open-sesame"
    assert settings.disclaimer == '<b class="big">Careful</b>'
    assert str(settings.allowed_webhooks_file) == "/etc/waas/list.json"
    assert "open-sesame" not in repr(settings)


def test_our_name_counts_before_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WAAS_DISCLAIMER="ours", DISCLAIMER="theirs")

    assert settings.disclaimer == "ours"


def test_what_is_empty_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("BASE_URL", *SENDER, "EMAIL_SENDER_PASSWORD", "DISCLAIMER", "ALLOWED_WEBHOOKS_FILE")

    settings = read(monkeypatch, **dict.fromkeys(names, ""))

    assert (settings.base_url, settings.allowed_webhooks_file, settings.disclaimer) == (
        None,
        None,
        "",
    )
    assert (settings.email_sender_host, settings.email_sender_password) == (None, None)


def test_callbacks_are_required_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch).callback_required
    # A word that others use as well: only with our prefix.
    assert read(monkeypatch, CALLBACK_REQUIRED="false").callback_required
    assert not read(monkeypatch, WAAS_CALLBACK_REQUIRED="false").callback_required


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"BASE_URL": "waas.example"}, "WAAS_BASE_URL or BASE_URL: Input should be a valid URL"),
        ({"BASE_URL": "https://a/?b=c"}, "it must be an address without user, query and fragment"),
        ({"BASE_URL": "https://a:b@c/"}, "it must be an address without user, query and fragment"),
        (
            {**SENDER, "EMAIL_SENDER_ADDRESS": "nobody"},
            "WAAS_EMAIL_SENDER_ADDRESS or EMAIL_SENDER_ADDRESS: Value error, it must be one e-mail",
        ),
        ({**SENDER, "EMAIL_SENDER_ADDRESS": "a@b.no\nBcc: c@d.no"}, "it must be one e-mail"),
        ({**SENDER, "EMAIL_SENDER_HOST": "smtp example"}, "EMAIL_SENDER_HOST: String should match"),
        (
            {"EMAIL_SENDER_ADDRESS": "a@b.no"},
            "mails cannot be sent without WAAS_EMAIL_SENDER_HOST; set both, or none",
        ),
        (
            {"EMAIL_SENDER_PASSWORD": "open-sesame"},
            "without WAAS_EMAIL_SENDER_ADDRESS and WAAS_EMAIL_SENDER_HOST",
        ),
        ({"WAAS_LONGEST_DETECTION_SECONDS": "0"}, "WAAS_LONGEST_DETECTION_SECONDS: Input should"),
    ],
)
def test_what_cannot_work_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read(monkeypatch, **variables)

    assert complaint in explain_settings(caught.value)


def test_the_password_is_never_echoed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMAIL_SENDER_PASSWORD", "open-sesame")
    monkeypatch.setenv("EMAIL_SENDER_HOST", "smtp example")

    assert main() == 78

    said = capsys.readouterr().err
    assert "EMAIL_SENDER_HOST" in said
    assert "open-sesame" not in said
