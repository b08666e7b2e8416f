"""What an administrator says about mails and webhooks, read from the environment."""

import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict

from waas_contract.notification_settings import NotificationSettings

SENDER = {"EMAIL_SENDER_ADDRESS": "waas@example.org", "EMAIL_SENDER_HOST": "smtp.example.org"}


class Settings(BaseSettings, NotificationSettings):
    model_config = SettingsConfigDict(env_prefix="WAAS_")


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
        "ALLOWED_WEBHOOKS_FILE": "/etc/waas/list.json",
    }

    settings = read(monkeypatch, **{f"{prefix}{name}": each for name, each in variables.items()})

    assert str(settings.base_url) == "https://waas.example.org/speech"
    assert settings.email_sender_address == "waas@example.org"
    assert settings.email_sender_host == "smtp.example.org"
    assert settings.email_sender_password is not None
    assert settings.email_sender_password.get_secret_value() == "open-sesame"
    assert str(settings.allowed_webhooks_file) == "/etc/waas/list.json"
    assert "open-sesame" not in repr(settings)


def test_what_is_empty_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("BASE_URL", *SENDER, "EMAIL_SENDER_PASSWORD", "ALLOWED_WEBHOOKS_FILE")

    settings = read(monkeypatch, **dict.fromkeys(names, ""), WAAS_EMAIL_SENDER_USERNAME="")

    assert settings == Settings.model_construct()


PASSWORD = {"EMAIL_SENDER_PASSWORD": "p"}


@pytest.mark.parametrize(
    ("variables", "port", "tls"),
    [
        ({}, 25, "opportunistic"),
        ({"WAAS_EMAIL_SENDER_PORT": "465"}, 465, "implicit"),
        ({"WAAS_EMAIL_SENDER_PORT": "2525"}, 2525, "opportunistic"),
        ({"WAAS_EMAIL_SENDER_TLS": "implicit"}, 465, "implicit"),
        ({"WAAS_EMAIL_SENDER_TLS": "starttls"}, 25, "starttls"),
        ({"WAAS_EMAIL_SENDER_TLS": "none"}, 25, "none"),
        ({"WAAS_EMAIL_SENDER_TLS": "implicit", "WAAS_EMAIL_SENDER_PORT": "25"}, 25, "implicit"),
        # A password never goes in the clear.
        (PASSWORD, 465, "implicit"),
        ({**PASSWORD, "WAAS_EMAIL_SENDER_PORT": "587"}, 587, "starttls"),
        ({**PASSWORD, "WAAS_EMAIL_SENDER_TLS": "starttls"}, 25, "starttls"),
    ],
)
def test_port_and_tls_follow_from_the_rest(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], port: int, tls: str
) -> None:
    settings = read(monkeypatch, **SENDER, **variables)

    assert (settings.find_mail_port(), settings.find_mail_tls()) == (port, tls)


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"BASE_URL": "waas.example"}, "Input should be a valid URL"),
        ({"BASE_URL": "https://a/?b=c"}, "it must be an address without user, query and fragment"),
        ({"BASE_URL": "https://a:b@c/"}, "it must be an address without user, query and fragment"),
        ({**SENDER, "EMAIL_SENDER_ADDRESS": "nobody"}, "it must be one e-mail address"),
        ({**SENDER, "EMAIL_SENDER_ADDRESS": "a@b.no\nBcc: c@d.no"}, "it must be one e-mail"),
        ({**SENDER, "EMAIL_SENDER_HOST": "smtp example"}, "String should match"),
        ({"EMAIL_SENDER_ADDRESS": "a@b.no"}, "without WAAS_EMAIL_SENDER_HOST; set both, or none"),
        (
            {"EMAIL_SENDER_PASSWORD": "open-sesame"},
            "without WAAS_EMAIL_SENDER_ADDRESS and WAAS_EMAIL_SENDER_HOST",
        ),
        (
            {**SENDER, "EMAIL_SENDER_PASSWORD": "p", "WAAS_EMAIL_SENDER_TLS": "none"},
            "a password must not be sent in the clear",
        ),
        ({**SENDER, "WAAS_EMAIL_SENDER_PORT": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        read(monkeypatch, **variables)
