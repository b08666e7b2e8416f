"""What an administrator says about telling people, under the old service's names and under ours."""

from email.headerregistry import Address
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)

_SMTPS_PORT = 465
_SMTP_PORT = 25


class MailTls(StrEnum):
    """How the connection to a mail server is made safe."""

    IMPLICIT = "implicit"
    """From the first byte."""

    STARTTLS = "starttls"
    """By that command, or not at all."""

    OPPORTUNISTIC = "opportunistic"
    """By that command where the server offers it."""

    NONE = "none"


def none_if_empty(value: object) -> object:
    """Return None for an empty text, which is how the old service's examples leave one out."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return None if text == "" else value


def under_both_names(name: str) -> AliasChoices:
    """Return the variables that a setting is read from: ours, else the old service's."""
    return AliasChoices(f"WAAS_{name}", name)


def _check_base_url(url: AnyHttpUrl | None) -> AnyHttpUrl | None:
    if url is not None and (url.query or url.fragment or url.username or url.password):
        raise ValueError("it must be an address without user, query and fragment")
    return url


def _check_address(text: str | None) -> str | None:
    if text is not None and not is_mail_address(text):
        raise ValueError("it must be one e-mail address such as desk@example.org")
    return text


def is_mail_address(text: str) -> bool:
    """Tell whether a text is one bare e-mail address, and so cannot smuggle in another header.

    Its domain may have any letters, what is before it ASCII's.
    """
    try:
        address = Address(addr_spec=text)
        address.domain.encode("idna")
    except (ValueError, IndexError):
        return False
    return bool(address.username and address.domain and text.isprintable())


AllowedWebhooksFile = Annotated[Path | None, BeforeValidator(none_if_empty)]


class NotificationSettings(BaseModel):
    """Who sends what people are told, and for how long it is tried.

    A program reads it from its environment by deriving from it beside BaseSettings.
    """

    base_url: Annotated[
        AnyHttpUrl | None, BeforeValidator(none_if_empty), AfterValidator(_check_base_url)
    ] = Field(default=None, validation_alias=under_both_names("BASE_URL"))
    """Where people reach the service, for the links in what they are sent."""

    email_sender_address: Annotated[
        str | None, BeforeValidator(none_if_empty), AfterValidator(_check_address)
    ] = Field(default=None, validation_alias=under_both_names("EMAIL_SENDER_ADDRESS"))
    """Sender of mails; none are sent without one."""

    email_sender_host: Annotated[str | None, BeforeValidator(none_if_empty)] = Field(
        default=None,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$",
        validation_alias=under_both_names("EMAIL_SENDER_HOST"),
    )
    """Name or IPv4 address of the mail server."""

    email_sender_password: Annotated[SecretStr | None, BeforeValidator(none_if_empty)] = Field(
        default=None, validation_alias=under_both_names("EMAIL_SENDER_PASSWORD")
    )
    """Password of the sender at the mail server; it is sent over TLS only."""

    email_sender_username: Annotated[str | None, BeforeValidator(none_if_empty)] = None
    """Whose password it is; the sender's address where absent."""

    email_sender_port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the mail server; 465 with a password, else 25."""

    email_sender_tls: Literal["auto", "implicit", "starttls", "none"] = "auto"
    """How the connection is made safe.

    `implicit` from the first byte, `starttls` by that command or not at all, `none` never. `auto`
    is `implicit` on port 465, `starttls` with a password, else STARTTLS where it is offered.
    """

    email_sender_ca_file: Annotated[Path | None, BeforeValidator(none_if_empty)] = None
    """Certificates of authorities (PEM) to trust the mail server by; the system's where absent."""

    allowed_webhooks_file: AllowedWebhooksFile = Field(
        default=None, validation_alias=under_both_names("ALLOWED_WEBHOOKS_FILE")
    )
    """JSON list of `{"id", "url", "token"}`. None allows no webhook."""

    notification_retry_seconds: float = Field(default=30, ge=1, le=3600)
    """How long after the first attempt that failed the second one follows; then it doubles."""

    notification_patience_seconds: int = Field(default=86_400, ge=0, le=604_800)
    """How long after the first attempt another one is made."""

    notification_concurrency: int = Field(default=8, ge=1)
    """How many jobs people are told of in the same moment."""

    @model_validator(mode="after")
    def _check_sender(self) -> Self:
        sender = {
            "WAAS_EMAIL_SENDER_ADDRESS": self.email_sender_address,
            "WAAS_EMAIL_SENDER_HOST": self.email_sender_host,
        }
        missing = [name for name, value in sender.items() if value is None]
        is_begun = len(missing) < len(sender) or self.email_sender_password is not None
        if is_begun and missing:
            raise ValueError(
                f"mails cannot be sent without {' and '.join(missing)}; set both, or none of "
                "WAAS_EMAIL_SENDER_ADDRESS, WAAS_EMAIL_SENDER_HOST and WAAS_EMAIL_SENDER_PASSWORD"
            )
        if self.email_sender_password is not None and self.email_sender_tls == "none":
            raise ValueError(
                "a password must not be sent in the clear: give WAAS_EMAIL_SENDER_TLS another "
                "value than none, or take WAAS_EMAIL_SENDER_PASSWORD away"
            )
        return self

    def find_mail_port(self) -> int:
        """Return the port at which the mail server is asked."""
        if self.email_sender_port is not None:
            return self.email_sender_port
        has_login = self.email_sender_password is not None
        is_implicit = self.email_sender_tls == "implicit"
        has_choice = self.email_sender_tls == "auto"
        return _SMTPS_PORT if is_implicit or (has_login and has_choice) else _SMTP_PORT

    def find_mail_tls(self) -> MailTls:
        """Return how the connection to the mail server is made safe."""
        if self.email_sender_tls != "auto":
            return MailTls(self.email_sender_tls)
        if self.find_mail_port() == _SMTPS_PORT:
            return MailTls.IMPLICIT
        return MailTls.STARTTLS if self.email_sender_password else MailTls.OPPORTUNISTIC
