"""A login that a browser keeps: the credential itself, where no script can read it.

Players and event streams cannot send a header of their own, so the page's login is a cookie. It
holds what the person logged in with and is checked like a header at each request: a key that is
withdrawn ends the login at once, and no replica has to remember anything. Other sites cannot use
it: browsers send it for no other page (`SameSite=Strict`), and what they say of a request is looked
at once more here, for neighbours below the same domain and for whatever changes anything.

A login that reaches several tenants is kept with the one that was chosen.
"""

import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from waas_api.access.credentials import (
    find_api_key,
    find_bearer,
    find_namespace,
    has_credentials,
)

REMEMBERED_SECONDS = 30 * 24 * 3600
"""How long a browser keeps a login that it was told to remember; otherwise until it is closed."""

_NAME = "waas-login"
# Browsers take a name that begins so only over https, from this very host.
_SECURE_NAME = "__Host-waas-login"
_FIT = re.compile(r"(?:(?P<namespace>[a-z0-9-]{1,63}):)?(?P<credential>[A-Za-z0-9._~+/=-]{1,3500})")
_READING = ("GET", "HEAD", "OPTIONS")


def with_cookie_login(method: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers of a request as if what its cookie holds had come in one.

    A header that was sent counts alone. The cookie of a request that is not the own page's doing
    is passed over. Names are in lower case.
    """
    if "cookie" not in headers or has_credentials(headers):
        return headers
    kept = _read(headers["cookie"])
    if kept is None or not is_from_own_page(method, headers):
        return headers
    found = {**headers, "authorization": f"Bearer {kept['credential']}"}
    if kept["namespace"] is not None:
        found.setdefault("x-waas-namespace", kept["namespace"])
    return found


def is_from_own_page(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from this service's page, or from a person's address bar.

    Browsers tell the site over https and on loopback, and elsewhere the origin of whatever changes
    anything.
    """
    is_reading = method in _READING
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin" or (site == "none" and is_reading)
    origin = headers.get("origin")
    if origin is None:
        return is_reading
    return urlsplit(origin).netloc == headers.get("host")


def login_to_keep(headers: Mapping[str, str]) -> str | None:
    """Return what a cookie can hold of a request's login: its credential, and the tenant named."""
    credential = find_api_key(headers) or find_bearer(headers)
    if credential is None or ":" in credential:
        return None
    namespace = find_namespace(headers)
    found = f"{namespace}:{credential}" if namespace else credential
    return found if _FIT.fullmatch(found) else None


def build_login_cookie(login: str, headers: Mapping[str, str], *, remember: bool) -> str:
    """Return the value of Set-Cookie that logs a browser in."""
    lifetime = f"; Max-Age={REMEMBERED_SECONDS}" if remember else ""
    return f"{_build(login, is_secure=_came_by_https(headers))}{lifetime}"


def build_logout_cookies() -> tuple[str, ...]:
    """Return the values of Set-Cookie that log a browser out, however it was logged in."""
    return tuple(f"{_build('', is_secure=each)}; Max-Age=0" for each in (False, True))


def has_login_cookie(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser brings a login that it keeps."""
    return _read(headers.get("cookie", "")) is not None


def _build(value: str, *, is_secure: bool) -> str:
    name, secure = (_SECURE_NAME, "; Secure") if is_secure else (_NAME, "")
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _came_by_https(headers: Mapping[str, str]) -> bool:
    # Behind a proxy that ends TLS, only the browser knows; to say so falsely harms nobody else.
    return headers.get("origin", "").startswith("https://")


def _read(header: str) -> re.Match[str] | None:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return None
    for name in (_SECURE_NAME, _NAME):
        if name in cookies and (found := _FIT.fullmatch(cookies[name].value)):
            return found
    return None
