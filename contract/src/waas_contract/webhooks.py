"""The administrator's list of webhooks: who may be told of a job's end, by the id alone."""

import base64
import binascii
from collections import Counter
from typing import Self, TypeVar

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

_ENCODED_KEY_PREFIX = "whsec_"


class ListedWebhook(BaseModel):
    """The part of an entry that a program needs which only checks ids."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=128)
    """What clients name it by."""


class AllowedWebhook(ListedWebhook):
    """One who may be told."""

    url: AnyHttpUrl
    token: SecretStr = Field(min_length=1)
    """What the receiver knows our messages by."""

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        self.signing_key()
        return self

    def signing_key(self) -> bytes:
        """Return the key of the HMAC: what follows `whsec_` as base64, else the token's UTF-8."""
        token = self.token.get_secret_value()
        if not token.startswith(_ENCODED_KEY_PREFIX):
            return token.encode()
        try:
            key = base64.b64decode(token.removeprefix(_ENCODED_KEY_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not key:
            raise ValueError(f"a token that begins with {_ENCODED_KEY_PREFIX} must go on in base64")
        return key


Webhook = TypeVar("Webhook", bound=ListedWebhook)


def parse_webhook_ids(content: bytes, name: str) -> frozenset[str]:
    """Return the ids in a list; its entries may have an id alone.

    Raises:
        ValueError: it is not such a list; the text says where, without what it holds.
    """
    listed = _parse(content, name, TypeAdapter(tuple[ListedWebhook, ...]), '{"id"}')
    return frozenset(each.id for each in listed)


def parse_webhooks(content: bytes, name: str) -> dict[str, AllowedWebhook]:
    """Return the webhooks in a list by their ids; raises ValueError as parse_webhook_ids does."""
    adapter = TypeAdapter(tuple[AllowedWebhook, ...])
    return {each.id: each for each in _parse(content, name, adapter, '{"id", "url", "token"}')}


def _parse(
    content: bytes, name: str, adapter: TypeAdapter[tuple[Webhook, ...]], form: str
) -> tuple[Webhook, ...]:
    try:
        webhooks = adapter.validate_json(content)
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}"
            for each in error.errors(include_input=False)
        )
        raise ValueError(
            f"{name} does not hold a JSON list of webhooks, each {form}: {found}"
        ) from None
    repeated = [each for each, count in Counter(one.id for one in webhooks).items() if count > 1]
    if repeated:
        raise ValueError(f"{name} names the webhook {repeated[0]!r} twice; give each its own id")
    return webhooks
