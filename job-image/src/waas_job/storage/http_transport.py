"""Presigned URLs over HTTP; the only module that knows httpx.

httpx puts URLs into its log lines and may put them into its exceptions. Neither leaves this module:
errors are raised anew, without their cause.
"""

import email.utils
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from waas_job.errors import BadConfiguration
from waas_job.storage.transport import QUICK_TIMEOUT_SECONDS, Answer, Body, Sink, TransferError

# Silence that is longer than these is an error; the length of a transfer is not limited.
_TIMEOUT = httpx.Timeout(60, connect=10)
_QUICK_TIMEOUT = httpx.Timeout(QUICK_TIMEOUT_SECONDS)

_LONGEST_ERROR_BYTES = 1 << 16
_ERROR_CODE = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

_OK = 200
_PARTIAL_CONTENT = 206
# The object is another one by now (If-Match), or shorter (Range).
_CANNOT_RESUME = (412, 416)

# A compressed answer would have another length than the object, and could not be resumed.
_AS_STORED = {"Accept-Encoding": "identity"}


class HttpTransport:
    """Speaks with S3 as anybody may who has a presigned URL."""

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, follow_redirects: bool = False
    ) -> None:
        # Unless told otherwise a redirect is not followed: the signature is for one host.
        self._client = httpx.Client(
            timeout=_TIMEOUT, follow_redirects=follow_redirects, transport=transport
        )

    def close(self) -> None:
        """Let go of the connections that wait for another request."""
        self._client.close()

    def get(self, url: str) -> Answer:
        """Return a small object."""
        with _hiding_urls():
            response = self._client.get(url, headers=_AS_STORED)
        return _answer(response, response.content)

    def put(self, url: str, body: Body, *, is_quick: bool = False) -> Answer:
        """Store an object whole."""
        # Neither header is signed, so a presigned URL allows them.
        headers = {"Content-Type": body.content_type}
        if body.only_if_absent:
            headers["If-None-Match"] = "*"
        timeout = _QUICK_TIMEOUT if is_quick else _TIMEOUT
        with body.open() as content:
            # S3 takes no body whose length it is not told.
            headers["Content-Length"] = str(content.seek(0, os.SEEK_END))
            content.seek(0)
            with _hiding_urls():
                response = self._client.put(url, content=content, headers=headers, timeout=timeout)
        return _answer(response, response.content)

    def measure(self, url: str) -> int | None:
        """Return the length of an object, as far as the server tells it without the object."""
        with _hiding_urls():
            response = self._client.head(url, headers=_AS_STORED, timeout=_QUICK_TIMEOUT)
        return _content_length(response) if response.is_success else None

    def download(self, url: str, sink: Sink) -> Answer:
        """Append the object to the sink, from where the sink ends if the store can."""
        headers = dict(_AS_STORED)
        if sink.size:
            headers["Range"] = f"bytes={sink.size}-"
            if sink.etag:
                headers["If-Match"] = sink.etag
        with _hiding_urls(), self._client.stream("GET", url, headers=headers) as response:
            if response.status_code in (_OK, _PARTIAL_CONTENT):
                _receive(response, sink)
                return _answer(response, b"")
            if sink.size and response.status_code in _CANNOT_RESUME:
                sink.restart()
                raise TransferError("the file changed while it was being fetched")
            return _answer(response, response.read())


def _receive(response: httpx.Response, sink: Sink) -> None:
    total = _total_bytes(response, sink)
    # No size of pieces: httpx would hold back, and lose, what had arrived when a connection breaks.
    for piece in response.iter_raw():
        sink.write(piece)
    if total is not None and sink.size != total:
        raise TransferError(f"the answer ended after {sink.size} of {total} bytes")


def _total_bytes(response: httpx.Response, sink: Sink) -> int | None:
    """Make the sink fit the answer; return the object's length as far as it is told."""
    if response.status_code == _PARTIAL_CONTENT:
        content_range = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if content_range is None or int(content_range[1]) != sink.size:
            sink.restart()
            raise TransferError("the store answered with another part than was asked for")
        return None if content_range[2] == "*" else int(content_range[2])
    # The whole object: the first request, or a store that cannot resume.
    sink.restart()
    sink.etag = _strong_etag(response.headers.get("ETag"))
    return _content_length(response)


def _content_length(response: httpx.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _answer(response: httpx.Response, body: bytes) -> Answer:
    error_code = None
    if response.is_error and (match := _ERROR_CODE.search(body[:_LONGEST_ERROR_BYTES])):
        error_code = match[1].decode()
    return Answer(
        status=response.status_code,
        body=body,
        error_code=error_code,
        retry_after_seconds=_parse_retry_after(response.headers.get("Retry-After")),
    )


def _strong_etag(etag: str | None) -> str | None:
    """Return the ETag if it stands for these very bytes."""
    return etag if etag and not etag.startswith("W/") else None


def _parse_retry_after(value: str | None) -> float | None:
    """Read seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@contextmanager
def _hiding_urls() -> Iterator[None]:
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise BadConfiguration("A storage URL is malformed.") from None
    except httpx.HTTPError as error:
        raise TransferError(_describe(error)) from None


def _describe(error: BaseException) -> str:
    """Return the kind of an error and the system's words for it; never the error's own text."""
    name = type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{name}: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return name
