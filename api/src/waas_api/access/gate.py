"""Finds out who sends a request before anything else looks at it.

It stands before the routes, so that one that is added later is closed unless it is named here, and
so that nobody's body is read who is not let in.
"""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waas_api.access.caller_limits import CallerLimits
from waas_api.access.callers import Authenticator, Caller
from waas_api.access.credentials import has_credentials
from waas_api.access.forwarded_users import TrustedProxies
from waas_api.access.links import verify_link
from waas_api.access.login_cookie import with_cookie_login
from waas_api.errors import ApiError, InvalidLink
from waas_api.http import page_files
from waas_api.http.answers import answer_error

CALLER = "waas.caller"
"""Where the scope of a request that was let in has its caller."""

PUBLIC_PATHS = frozenset({"/", "/healthz", "/readyz", "/v2", "/openapi.json"})
"""What everybody may read, beside the page's files: nothing there is a tenant's."""

LINKED_PATHS = re.compile(r"/v2/jobs/[^/]+(/results/[^/]+)?")
"""What a link opens, of its own job."""

_READING = ("GET", "HEAD")
# A browser asks so before it sends credentials; the answer is the same for everybody.
_PREFLIGHT = "OPTIONS"
_POLICY_VIOLATION = 1008  # RFC 6455
_PRIVATE = {"cache-control": "private, no-store", "referrer-policy": "no-referrer"}


def is_public(method: str, path: str) -> bool:
    """Tell whether a request is answered to everybody."""
    if method == _PREFLIGHT:
        return True
    return method in _READING and (path in PUBLIC_PATHS or path.startswith(page_files.PREFIX))


class Gate:
    """Lets callers through who log in and keep to their limits, and refuses all others."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        proxies: TrustedProxies,
        limits: CallerLimits,
        link_secret: SecretStr | None,
        now: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._proxies = proxies
        self._limits = limits
        self._link_secret = link_secret
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller, or answer it."""
        if scope["type"] == "websocket":
            # There are none yet; one that is added has to find its own way to log in.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        if scope["type"] != "http" or is_public(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        link = _find_link(scope)
        try:
            caller = await self._identify(scope, link)
            self._limits.admit_request(caller)
        except ApiError as error:
            response = await answer_error(Request(scope), error)
            await response(scope, receive, send)
            return
        scope[CALLER] = caller
        await self._app(scope, receive, send if link is None else _keeping_private(send))

    async def _identify(self, scope: Scope, link: str | None) -> Caller:
        if link is None:
            headers = with_cookie_login(scope["method"], Headers(scope=scope))
            return await self._authenticator.authenticate(self._proxies.with_user(scope, headers))
        if self._link_secret is None:
            raise InvalidLink("This service makes no links. Log in instead.")
        secret = self._link_secret.get_secret_value()
        return verify_link(link, secret, now=self._now()).caller()


def _find_link(scope: Scope) -> str | None:
    """Return the link in a request that brings one, where a link is of any use."""
    if scope["method"] not in _READING or not LINKED_PATHS.fullmatch(scope["path"]):
        return None
    if has_credentials(Headers(scope=scope)):
        return None
    found = parse_qs(scope["query_string"].decode("latin-1")).get("link")
    return found[0] if found else None


def _keeping_private(send: Send) -> Send:
    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].decode().lower() not in _PRIVATE]
            added = [(name.encode(), value.encode()) for name, value in _PRIVATE.items()]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return send_private
