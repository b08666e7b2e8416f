"""Several logins beside each other: what a request brings says which of them it means."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from waas_api.access.callers import Authenticator, Caller
from waas_api.access.credentials import has_credentials, lacks_login
from waas_api.errors import Unauthenticated


class Login(Authenticator, Protocol):
    """An authenticator that knows its own kind of credentials."""

    @property
    def what(self) -> str:
        """Return what it asks for, in words that follow "Send"."""
        ...

    def claims(self, headers: Mapping[str, str], /) -> bool:
        """Tell whether the request brings credentials of this kind."""
        ...


class Logins:
    """Lets in whom the login knows whose credentials the request brings."""

    def __init__(self, logins: Sequence[Login]) -> None:
        self._logins = tuple(logins)

    async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
        """Return the caller by the first login that claims the request."""
        for login in self._logins:
            if login.claims(headers):
                return await login.authenticate(headers)
        asked = ", or ".join(login.what for login in self._logins)
        if has_credentials(headers):
            raise Unauthenticated(
                f"Nobody is known here by credentials of this kind. Send {asked}."
            )
        raise lacks_login(asked)
