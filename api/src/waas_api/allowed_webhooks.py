"""The administrator's list of webhooks: who may be told of a job's end, by the id alone."""

from collections import Counter
from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter
from pydantic import ValidationError as InvalidContent


class AllowedWebhook(BaseModel):
    """One who may be told."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=128)
    """What clients name it by."""

    url: AnyHttpUrl
    token: SecretStr = Field(min_length=1)
    """What the receiver knows our messages by."""


_WEBHOOKS = TypeAdapter(tuple[AllowedWebhook, ...])


def read_webhook_ids(path: Path | None) -> frozenset[str]:
    """Return the ids in the list; without a file, none.

    Raises:
        ValueError: the file is not such a list; the text says where, without what it holds.
    """
    return frozenset(webhook.id for webhook in _read(path)) if path else frozenset()


def _read(path: Path) -> tuple[AllowedWebhook, ...]:
    intended = f'{path} does not hold a JSON list of webhooks, each {{"id", "url", "token"}}'
    try:
        webhooks = _WEBHOOKS.validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"WAAS_ALLOWED_WEBHOOKS_FILE: {path}: {error.strerror}") from error
    except InvalidContent as error:
        found = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}"
            for each in error.errors(include_input=False)
        )
        raise ValueError(f"{intended}: {found}") from None
    repeated = [name for name, count in Counter(each.id for each in webhooks).items() if count > 1]
    if repeated:
        raise ValueError(f"{path} names the webhook {repeated[0]!r} twice; give each its own id")
    return webhooks
