"""An issuer of tokens, as a cluster is one to its pods: OpenID Connect's documents and a key."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_KEY_ID = "test"


@dataclass(frozen=True)
class TokenIssuer:
    """Signs what a test claims."""

    url: str
    key: rsa.RSAPrivateKey

    @property
    def configuration_url(self) -> str:
        """Return where a service learns of the issuer."""
        return f"{self.url}/.well-known/openid-configuration"

    def issue(self, *, audience: str, subject: str, life_seconds: int = 3600) -> str:
        """Return a signed token."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": [audience],
            "sub": subject,
            "iat": now,
            "exp": now + life_seconds,
        }
        signed = f"{_encode({'alg': 'RS256', 'kid': _KEY_ID})}.{_encode(claims)}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_in_base64(signature)}"


@contextmanager
def running_token_issuer() -> Iterator[TokenIssuer]:
    """Serve the documents of a new issuer on loopback."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    issuer = TokenIssuer(f"http://127.0.0.1:{server.server_port}", key)
    server.RequestHandlerClass = partial(_Documents, _write_documents(issuer))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()


def _write_documents(issuer: TokenIssuer) -> dict[str, bytes]:
    numbers = issuer.key.public_key().public_numbers()
    keys = [
        {
            "kty": "RSA",
            "kid": _KEY_ID,
            "alg": "RS256",
            "use": "sig",
            "n": _in_base64(numbers.n.to_bytes(256)),
            "e": _in_base64(numbers.e.to_bytes(3)),
        }
    ]
    configuration = {
        "issuer": issuer.url,
        "jwks_uri": f"{issuer.url}/keys",
        "authorization_endpoint": f"{issuer.url}/none",
        "token_endpoint": f"{issuer.url}/none",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return {
        "/.well-known/openid-configuration": json.dumps(configuration).encode(),
        "/keys": json.dumps({"keys": keys}).encode(),
    }


class _Documents(BaseHTTPRequestHandler):
    def __init__(self, documents: dict[str, bytes], *connection: Any) -> None:
        self._documents = documents
        super().__init__(*connection)

    def do_GET(self) -> None:  # the standard library's name
        document = self._documents.get(self.path)
        self.send_response(404 if document is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(document or b"")))
        self.end_headers()
        self.wfile.write(document or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def _encode(claims: dict[str, object]) -> str:
    return _in_base64(json.dumps(claims).encode())


def _in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
