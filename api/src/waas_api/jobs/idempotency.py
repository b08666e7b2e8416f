"""An Idempotency-Key decides a job's name, so that whoever keeps the jobs keeps them apart.

The header is that of the IETF's draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from waas_api.errors import Fault, InvalidRequest
from waas_api.native.request import Asked

_LONGEST_KEY = 255
_DIGEST_LENGTH = 40  # a label's value has 63 characters at most


@dataclass(frozen=True)
class Once:
    """A request that is to be carried out once, however often it comes."""

    name: str
    """Of the job."""

    digest: str
    """Of what is asked for."""


def parse_key(header: str) -> str:
    """Return the key in a header's value, which may be in quotes."""
    key = header.strip()
    if len(key) > 1 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if not (key and len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        detail = f"1 to {_LONGEST_KEY} printable characters of ASCII"
        raise InvalidRequest(
            f"The Idempotency-Key has to have {detail}.", faults=[Fault("Idempotency-Key", detail)]
        )
    return key


def derive_once(
    key: str, *, namespace: str, owner: str | None, asked: Asked, length: int | None
) -> Once:
    """Return the job's name by tenant, owner and key, and what else the request is told by.

    Of a recording only the announced length counts: whoever repeats a request need not send it.
    """
    parts = json.dumps([namespace, owner, key]).encode()
    name = UUID(bytes=hashlib.sha256(parts).digest()[:16], version=4)
    request = {
        "request": asked.order.request.to_wire(),
        "fileName": asked.order.file_name,
        "labels": dict(asked.order.labels),
        "url": asked.source_url,
        "source": asked.source.to_wire() if asked.source else None,
        "length": length,
    }
    canonical = json.dumps(request, sort_keys=True).encode()
    return Once(str(name), hashlib.sha256(canonical).hexdigest()[:_DIGEST_LENGTH])
