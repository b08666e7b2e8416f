"""Lets in who has an API key."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from waas_api.access.callers import Caller
from waas_api.access.credentials import find_api_key, find_namespace, lacks_login
from waas_api.api_keys.entries import ApiKey, find_key
from waas_api.errors import Forbidden, Unauthenticated


class ApiKeyLogin:
    """Knows callers by the key that they send; each key belongs to one tenant."""

    what = "an API key as `Authorization: Bearer …` or `X-API-Key: …`"

    def __init__(
        self, keys: Callable[[], Sequence[ApiKey]], *, now: Callable[[], datetime]
    ) -> None:
        """Take what gives the keys as they are at the moment."""
        self._keys = keys
        self._now = now

    def claims(self, headers: Mapping[str, str], /) -> bool:
        """Tell whether the request brings an API key."""
        return find_api_key(headers) is not None

    async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
        """Return whose key it is."""
        presented = find_api_key(headers)
        if presented is None:
            raise lacks_login(self.what)
        key = find_key(self._keys(), presented)
        if key is None:
            raise Unauthenticated("This API key is not known. Ask your administrator for another.")
        if key.expires is not None and key.expires <= self._now():
            raise Unauthenticated("This API key has expired. Ask your administrator for another.")
        if find_namespace(headers) not in (None, key.namespace):
            raise Forbidden("This API key is not for the namespace that X-Waas-Namespace names.")
        return Caller(key.namespace, key.owner, key.permissions)
