"""Asks servers over HTTP(S) whether they are ready."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

_ANSWERS_WITHIN = 3.0


def answers_ok(address: str, authority: Path, identity: Path | None = None) -> bool:
    """Tells whether a GET is answered with 200; `identity` is a PEM of certificate and key.

    No proxy is asked, whatever the environment says: these servers are on this machine.
    """
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=str(authority))
        if identity is not None:
            context.load_cert_chain(identity)
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=_ANSWERS_WITHIN, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_ANSWERS_WITHIN)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
