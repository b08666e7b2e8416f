"""What a request says of who sends it; whether it is true, the logins find out."""

from collections.abc import Mapping

from waas_api.errors import Unauthenticated

API_KEY_PREFIX = "waas_"
"""What every API key begins with, so that none is ever sent to an API server as a token."""

_LONGEST_CREDENTIAL = 16 * 1024


def find_bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of `Authorization: Bearer …`."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return _bound(token) if scheme.lower() == "bearer" else None


def find_api_key(headers: Mapping[str, str]) -> str | None:
    """Return the API key of `X-API-Key`, or of `Authorization: Bearer …` where it is one."""
    if "x-api-key" in headers:
        return _bound(headers["x-api-key"])
    token = find_bearer(headers)
    return token if token and token.startswith(API_KEY_PREFIX) else None


def find_namespace(headers: Mapping[str, str]) -> str | None:
    """Return the tenant that `X-Waas-Namespace` asks for."""
    return headers.get("x-waas-namespace", "").strip() or None


def has_credentials(headers: Mapping[str, str]) -> bool:
    """Tell whether the request tries to log in at all."""
    return "authorization" in headers or "x-api-key" in headers


def lacks_login(what: str) -> Unauthenticated:
    """Return the refusal of a request that brings none; `what` it lacks follows "Send"."""
    return Unauthenticated(f"Nobody is let in without a login. Send {what}.")


def _bound(text: str) -> str | None:
    text = text.strip()
    return text if text and len(text) <= _LONGEST_CREDENTIAL else None
