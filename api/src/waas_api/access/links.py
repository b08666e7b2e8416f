"""Links that show one job to whoever has them, until they expire.

A link holds what it shows, signed with the server's secret, and nothing is kept of it. It ends by
itself, with the job, and with the secret.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from waas_api.access.callers import Caller, Permission, SharedJob
from waas_api.errors import InvalidLink

_PURPOSE = b"waas link 1\0"
_LONGEST_LINK = 1024


@dataclass(frozen=True)
class Link:
    """Shows a job of a namespace until a time."""

    namespace: str
    job: SharedJob
    expiration_time: datetime

    def caller(self) -> Caller:
        """Return who follows it: nobody in particular, who may read this one job."""
        return Caller(self.namespace, None, frozenset({Permission.READ}), shared=self.job)


def sign_link(link: Link, secret: str) -> str:
    """Return a link as text that fits into a URL."""
    created = link.job.creation_time
    content = [
        link.namespace,
        link.job.name,
        None if created is None else created.isoformat(),
        int(link.expiration_time.timestamp()),
    ]
    payload = json.dumps(content, separators=(",", ":")).encode()
    return f"{_encode(payload)}.{_encode(_sign(payload, secret))}"


def verify_link(text: str, secret: str, *, now: datetime) -> Link:
    """Return what a link shows, or raise InvalidLink."""
    payload_text, _, signature_text = text.partition(".")
    try:
        if len(text) > _LONGEST_LINK:
            raise ValueError(len(text))
        payload, signature = _decode(payload_text), _decode(signature_text)
    except ValueError:
        raise InvalidLink("This is no link of this service. Ask for a new one.") from None
    if not hmac.compare_digest(signature, _sign(payload, secret)):
        raise InvalidLink("This is no link of this service. Ask for a new one.")
    # From here on it is what was signed.
    namespace, name, created, expiration = json.loads(payload)
    if expiration <= now.timestamp():
        raise InvalidLink("This link has expired. Ask for a new one.")
    creation_time = None if created is None else datetime.fromisoformat(created)
    return Link(namespace, SharedJob(name, creation_time), datetime.fromtimestamp(expiration, UTC))


def _sign(payload: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE + payload, hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: str) -> bytes:
    # Strictly: one link, one text.
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(content) != text:
        raise ValueError("not in its one form")
    return content
