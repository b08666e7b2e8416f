"""Addresses on the web: whether they are any, and how they may be shown."""

from urllib.parse import urlsplit

import httpx

from waas_client.errors import InvalidAddress


def check_address(address: str) -> None:
    """Raise InvalidAddress if nobody could be found by an address."""
    try:
        is_whole = bool(urlsplit(address).hostname and httpx.URL(address).host)
    except (ValueError, httpx.InvalidURL):
        is_whole = False
    if not is_whole:
        raise InvalidAddress(f"{show_address(address)} is not an address on the web.")


def show_address(address: str) -> str:
    """Return an address without what may be secret: a password, or a key in the query."""
    scheme = address.partition("://")[0]
    try:
        parts = urlsplit(address)
        _ = parts.port  # it is one, or who knows what else is in there
    except ValueError:
        return f"{scheme}://…"
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
