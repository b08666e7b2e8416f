"""The administrator's list of API keys, which holds no key: only what each is recognised by.

A key has 256 random bits, so that a plain SHA-256 of it can be neither guessed nor looked up.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from waas_api.access.callers import Permission
from waas_api.access.credentials import API_KEY_PREFIX

_RANDOM_BYTES = 32


class ApiKey(BaseModel):
    """One key, and what whoever has it may do."""

    # Somebody may have written the key where its digest belongs: no message may quote it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    """What logs call it."""

    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """SHA-256 of the key."""

    namespace: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    """The tenant."""

    owner: str = Field(min_length=1, max_length=253)
    """Whose jobs it makes and sees; two keys of one owner see the same jobs."""

    permissions: frozenset[Permission] = Field(min_length=1)
    """What it may be used for."""

    expires: AwareDatetime | None = None
    """From when on it lets nobody in; None for never."""


_LIST = TypeAdapter(list[ApiKey])


def new_api_key() -> str:
    """Return a key that nobody has."""
    return f"{API_KEY_PREFIX}{secrets.token_urlsafe(_RANDOM_BYTES)}"


def digest_of(key: str) -> str:
    """Return what a key is recognised by."""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def parse_api_keys(content: bytes, namespaces: Collection[str]) -> tuple[ApiKey, ...]:
    """Return the keys in a list of YAML or JSON, all of them for these namespaces.

    Raises:
        ValueError: it is not such a list, for the reason that the error says without quoting it.
    """
    try:
        keys = _LIST.validate_python(yaml.safe_load(content))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ValueError(f"it is neither YAML nor JSON{where}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the list"
        raise ValueError(f"{place}: {first['msg']}") from None
    for field in ("id", "hash"):
        found = [getattr(key, field) for key in keys]
        if len(set(found)) < len(found):
            raise ValueError(f"two keys have the same {field}")
    for key in keys:
        if key.namespace not in namespaces:
            raise ValueError(
                f"the key {key.id} is for the namespace {key.namespace}, which is not served"
            )
    return tuple(keys)


def find_key(keys: Sequence[ApiKey], presented: str) -> ApiKey | None:
    """Return the entry of a key; how long that takes tells nothing of the entries."""
    digest = digest_of(presented).encode()
    found = None
    for key in keys:
        if hmac.compare_digest(key.hash.encode(), digest):
            found = key
    return found
