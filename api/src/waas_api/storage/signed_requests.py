"""Signed requests to S3 for what the minio client has as private methods only. They block.

The signature goes in a header: in a URL it would end up in urllib3's warnings.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import urllib3
from minio.credentials.providers import Provider
from minio.signer import sign_v4_s3

from waas_api.errors import ObjectNotFound, StorageUnavailable
from waas_api.storage.part_buffer import Part

_NOT_FOUND = 404
_NO_HEADERS: Mapping[str, str] = {}
_NO_BODY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Bucket:
    """Where the objects lie and who asks for them."""

    endpoint: str
    """URL of the store, without a path."""

    name: str
    region: str
    credentials: Provider
    """Whom to ask for keys before each request."""


@dataclass(frozen=True)
class SignedRequests:
    """Sends requests that concern one bucket."""

    bucket: Bucket
    http: urllib3.PoolManager

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | Part | None = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        expected: tuple[int, ...] = (200,),
    ) -> urllib3.BaseHTTPResponse:
        """Return an answer that was expected, or raise ObjectNotFound or StorageUnavailable.

        The path begins with "/" and a key of ours, which needs no quoting, or is empty. A body in
        pieces is sent as if it were one.
        """
        endpoint = urlsplit(self.bucket.endpoint)
        url = endpoint._replace(
            path=f"/{self.bucket.name}{path}",
            query=urlencode(sorted(query.items()), quote_via=quote, safe=""),
        )
        # Of recordings as of what jobs store by their URLs: the connection has to be trusted, and
        # a digest would cost both sides more than all the rest.
        digest = _NO_BODY_SHA256 if body is None else "UNSIGNED-PAYLOAD"
        now = datetime.now(UTC)
        credentials = self.bucket.credentials.retrieve()
        token = credentials.session_token
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self.bucket.region,
            headers={
                **headers,
                "Host": url.netloc,
                "x-amz-content-sha256": digest,
                "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
                **({"x-amz-security-token": token} if token else {}),
            },
            credentials=credentials,
            content_sha256=digest,
            date=now,
        )
        response = self.http.request(
            method,
            urlunsplit(url),
            body=body,
            headers={name: str(each) for name, each in signed.items()} | _measure(body),
        )
        if response.status in expected:
            return response
        if response.status == _NOT_FOUND:
            raise ObjectNotFound("object storage has no such object or unfinished upload")
        raise StorageUnavailable(f"{method} gave {response.status}")


def _measure(body: bytes | Part | None) -> dict[str, str]:
    """Return the header without which a body in pieces would be sent in chunks."""
    return {"Content-Length": str(sum(map(len, body)))} if isinstance(body, tuple) else {}
