"""Speaks to the API server as its administrator, in JSON."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from cluster.control_plane import ControlPlane
from cluster.errors import ClusterError

_ANSWERS_WITHIN = 30.0


def ask(control_plane: ControlPlane, method: str, path: str, body: object = None) -> Any:
    """Sends one request and returns the answer; what the server refuses is one of our errors."""
    context = ssl.create_default_context(cafile=str(control_plane.certificate_authority))
    context.load_cert_chain(control_plane.run.tls / "admin.pem")
    server = urlsplit(control_plane.server)
    assert server.hostname is not None
    connection = http.client.HTTPSConnection(
        server.hostname, server.port, timeout=_ANSWERS_WITHIN, context=context
    )
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise ClusterError(f"{method} {path} was answered with {answer.status}: {text.decode()}")
    return json.loads(text)
