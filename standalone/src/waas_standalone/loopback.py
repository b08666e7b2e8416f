"""Keeps pages of other sites away from a server that listens on loopback.

A browser on this machine reaches it, whatever page it shows. A page of another site sends its
`Origin`, or at least `Sec-Fetch-Site`; one whose name an attacker lets point at 127.0.0.1 (DNS
rebinding) sends that name as `Host`. None of them is let in.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from waas_api.http.problems import MEDIA_TYPE, Problem
from waas_standalone.errors import UnsafeAddress

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_OWN_SITE = ("same-origin", "none")
_NATIVE = "/v2"

_NOT_OUR_NAME = Problem(
    421, "wrong-host", "Not this server's name",
    "This server answers only to localhost and the address it listens on.",
)  # fmt: skip
_OTHER_SITE = Problem(
    403, "other-site", "Not from another site", "Pages of other sites may not use this server."
)


def require_loopback(host: str) -> None:
    """Raise UnsafeAddress unless only programs on this machine can reach an address."""
    if not is_loopback(host):
        raise UnsafeAddress(
            f"Listening on {host} is refused: everybody who reaches this machine could read all "
            "transcripts, for there are no API keys. Make one by `python -m waas_api.api_keys "
            "new`, and name the file of keys by WAAS_API_KEYS_FILE or --api-keys; or listen on "
            "127.0.0.1, and use an SSH tunnel from elsewhere (ssh -L 3000:127.0.0.1:3000)."
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own; of names only `localhost` is."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackOnly:
    """Lets only those requests through that programs and pages of this machine make."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        """Take names by which the server may be called besides the usual ones."""
        self._app = app
        self._names = {_normalise(name) for name in (*_LOOPBACK_NAMES, *names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and (refusal := self._explain_refusal(scope)):
            await _render(refusal, scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _explain_refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _host_name(f"//{host}") not in self._names:
            return _NOT_OUR_NAME
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return _OTHER_SITE
        site = headers.get("sec-fetch-site", "none")
        if site not in _OWN_SITE and headers.get("sec-fetch-mode") != "navigate":
            return _OTHER_SITE
        return None


def _render(problem: Problem, path: str) -> Response:
    """Say it as the rest of the api would: where /v2 is asked, in the form that /v2 has."""
    if path != _NATIVE and not path.startswith(f"{_NATIVE}/"):
        return PlainTextResponse(f"{problem.detail}\n", problem.status)
    content = problem.render("")
    return JSONResponse(content, problem.status, media_type=MEDIA_TYPE)


def _host_name(url: str) -> str | None:
    try:
        name = urlsplit(url).hostname
    except ValueError:
        return None
    return None if name is None else _normalise(name)


def _normalise(name: str) -> str:
    """Return the one form of a name that has several: IPv6 may be written at length."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()
