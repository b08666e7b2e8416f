"""Lets in whom a login in front of the service names, such as an oauth2-proxy.

The name comes in a header that anybody can write, so it counts only where the connection itself
comes from a proxy that the administrator trusts. The proxy keeps its own cookie in the browser,
which would let other sites' pages act for a person: what does not come from the service's own page
is passed over, as it is with the page's own login.
"""

from collections.abc import Collection, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from waas_api.access.access_reviews import User
from waas_api.access.callers import Caller, Permission
from waas_api.access.credentials import find_namespace, lacks_login
from waas_api.access.login_cookie import is_from_own_page
from waas_api.access.token_login import owner_of
from waas_api.errors import Forbidden

Network = IPv4Network | IPv6Network

BELIEVED_USER = "believed user"
"""Under this, the gate adds whom it believes in. No header that is sent can have such a name."""

_PERMISSIONS = frozenset(Permission) - {Permission.MANAGE}


class TrustedProxies:
    """Tells of a request whether the name in its header can be believed."""

    def __init__(self, networks: Collection[Network], header: str) -> None:
        """Take where the proxies are, and in which header they name people."""
        self._networks = networks
        self._header = header

    def with_user(self, scope: Scope, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers of a request with the name of its user, where a proxy gives one.

        Two names are none: one of them was there before the proxy came to it.
        """
        names = Headers(scope=scope).getlist(self._header)
        name = names[0].strip() if len(names) == 1 else ""
        if name and self._is_trusted(scope) and is_from_own_page(scope["method"], headers):
            return {**headers, BELIEVED_USER: name}
        return headers

    def _is_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None:
            return False
        try:
            address = ip_address(client[0])
        except ValueError:  # of a connection that has no address
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in each for each in self._networks)


class ForwardedUserLogin:
    """Knows callers by the name that a trusted proxy gives; all of them are in one tenant."""

    what = "your request by way of the login in front of this service"

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def claims(self, headers: Mapping[str, str], /) -> bool:
        """Tell whether a proxy that is trusted names a user."""
        return BELIEVED_USER in headers

    async def authenticate(self, headers: Mapping[str, str], /) -> Caller:
        """Return the user, who may do all with what is their own."""
        if BELIEVED_USER not in headers:
            raise lacks_login(self.what)
        if find_namespace(headers) not in (None, self._namespace):
            raise Forbidden("You may not use the service in this namespace.")
        return Caller(self._namespace, owner_of(User(headers[BELIEVED_USER])), _PERMISSIONS)
