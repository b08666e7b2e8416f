"""The settings that the old service had, under its own names and under ours.

Who is told of a job's end, and what people read on the web page.
"""

from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings


def _none_if_empty(value: object) -> object:
    """Return None for an empty text, which is how the old service's examples leave one out."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return None if text == "" else value


def _check_base_url(url: AnyHttpUrl | None) -> AnyHttpUrl | None:
    if url is not None and (url.query or url.fragment or url.username or url.password):
        raise ValueError("it must be an address without user, query and fragment")
    return url


def _check_address(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError):
        address = None
    if address is None or not (address.username and address.domain) or not text.isprintable():
        raise ValueError("it must be one e-mail address such as desk@example.org")
    return text


def _under_both(name: str) -> AliasChoices:
    return AliasChoices(f"WAAS_{name}", name)


class OldServiceSettings(BaseSettings):
    """A setting `x` is read from `WAAS_X`, else from `X`, as the old service read it."""

    base_url: Annotated[
        AnyHttpUrl | None, BeforeValidator(_none_if_empty), AfterValidator(_check_base_url)
    ] = Field(default=None, validation_alias=_under_both("BASE_URL"))
    """Where people reach the service, for the links in what they are sent."""

    email_sender_address: Annotated[
        str | None, BeforeValidator(_none_if_empty), AfterValidator(_check_address)
    ] = Field(default=None, validation_alias=_under_both("EMAIL_SENDER_ADDRESS"))
    """Sender of mails; none are sent without one."""

    email_sender_host: Annotated[str | None, BeforeValidator(_none_if_empty)] = Field(
        default=None,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$",
        validation_alias=_under_both("EMAIL_SENDER_HOST"),
    )
    """Name or IPv4 address of the mail server."""

    email_sender_password: Annotated[SecretStr | None, BeforeValidator(_none_if_empty)] = Field(
        default=None, validation_alias=_under_both("EMAIL_SENDER_PASSWORD")
    )
    """Password of the sender at the mail server; with it goes TLS."""

    disclaimer: str = Field(default="", validation_alias=_under_both("DISCLAIMER"))
    """What the web page says to everybody who opens it."""

    allowed_webhooks_file: Annotated[Path | None, BeforeValidator(_none_if_empty)] = Field(
        default=None, validation_alias=_under_both("ALLOWED_WEBHOOKS_FILE")
    )
    """JSON list of `{"id", "url", "token"}`; the api reads only the ids. None allows no webhook."""

    callback_required: bool = True
    """Whether POST /v1/transcribe wants `email_callback` or `webhook_id`, as it always did."""

    longest_detection_seconds: int = Field(default=120, ge=1, le=3600)
    """Longest that POST /v1/detect waits for the language."""

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
        return self
