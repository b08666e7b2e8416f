"""How both clients reach a server: its address, their patience, and which way they go."""

import ipaddress
from collections.abc import Mapping
from typing import Any

import httpx

from waas_client.errors import InvalidAddress, InvalidKey
from waas_client.requests import Call

DEFAULT_SERVER = "http://127.0.0.1:3000"

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(
    # A stream says every fifteen seconds that it is there.
    45.0,
    connect=5.0,
)
UPLOAD_TIMEOUT = httpx.Timeout(
    # A server that takes in others' recordings first leaves one unread for a minute.
    180.0,
    connect=5.0,
)


def parse_server(address: str) -> httpx.URL:
    """Return a server's address as a URL, or raise InvalidAddress."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InvalidAddress(f"{address!r} is not an address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidAddress(
            f"{address!r} is not a server's address: write it like {DEFAULT_SERVER}"
        )
    return url


def is_loopback(url: httpx.URL) -> bool:
    """Tell whether a server runs on this very machine."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


def client_options(server: str) -> dict[str, Any]:
    """Return the options that httpx's two clients take alike."""
    url = parse_server(server)
    return {
        "base_url": url,
        "timeout": TIMEOUT,
        # A proxy that the environment names must not get what stays on this machine.
        "trust_env": not is_loopback(url),
        # An upload that is sent elsewhere is an upload to somebody whom nobody named.
        "follow_redirects": False,
    }


def login_headers(api_key: str | None, url: httpx.URL) -> Mapping[str, str]:
    """Return the headers that bring a key or token, or raise InvalidKey."""
    if api_key is None:
        return {}
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidKey("The API key is none: it has to be one word of plain letters and digits.")
    if url.userinfo:
        # Those are for a proxy before the server, and take `Authorization` for themselves.
        return {"X-API-Key": key}
    return {"Authorization": f"Bearer {key}"}


def request_headers(call: Call[Any], login: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers of a request: its body's, and the login's where it is needed."""
    headers = dict(login) if call.needs_login else {}
    if call.recording is not None:
        headers["Content-Type"] = "application/octet-stream"
        if call.recording.size is not None:
            # The server checks by it that nothing is missing.
            headers["Content-Length"] = str(call.recording.size - call.offset)
    headers.update(call.headers)
    return headers


def timeout_of(call: Call[Any]) -> httpx.Timeout:
    """Return how long a request may go without a sign of life."""
    return TIMEOUT if call.recording is None else UPLOAD_TIMEOUT
