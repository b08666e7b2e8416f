"""One request to a store, whatever kind of URL it has; no retries here.

Statuses are HTTP's, also for files: callers decide by them alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from waas_job.errors import BadConfiguration

NO_SUCH_KEY = "NoSuchKey"
"""S3's word for an object that is not there, where the store and the bucket are."""

QUICK_TIMEOUT_SECONDS = 3.0
"""For requests that matter less than the time they take."""


class TransferError(Exception):
    """No answer, or one that broke off; says what happened, and never to which URL."""


@dataclass(frozen=True)
class Answer:
    """What a store answered to one request."""

    status: int
    body: bytes = b""
    error_code: str | None = None
    """S3's own word for an error, such as `AccessDenied`."""

    retry_after_seconds: float | None = None

    @property
    def is_success(self) -> bool:
        """Tell whether the store did what was asked."""
        return 200 <= self.status <= 299

    def describe(self) -> str:
        """Return the status and the store's own word, for people."""
        return f"HTTP {self.status}" + (f", {self.error_code}" if self.error_code else "")


class Sink(Protocol):
    """Takes the bytes of a download; may be told to begin anew."""

    etag: str | None
    """The version of the object that the bytes are of, as far as the store tells."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""

    def restart(self) -> None:
        """Forget what was taken, and of what it was."""

    def adopt(self, source: Path) -> bool:
        """Begin anew as another name of a file, whose bytes then take no room; False where not."""


@dataclass(frozen=True)
class Body:
    """What is to be stored."""

    content: bytes | Path
    """A file is read as it goes, so that it may be larger than the memory."""

    content_type: str
    only_if_absent: bool = False
    """Answer 412 rather than replace what is there."""

    def open(self) -> BinaryIO:
        """Open the content, wherever it is; raises OSError for a file that cannot be read."""
        return BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")


class Transport(Protocol):
    """Makes single requests; raises TransferError where no whole answer came."""

    def get(self, url: str) -> Answer:
        """Return a small object."""

    def download(self, url: str, sink: Sink) -> Answer:
        """Append the object to the sink, from where the sink ends if the store can."""

    def put(self, url: str, body: Body, *, is_quick: bool = False) -> Answer:
        """Store an object whole; a quick request gives up after QUICK_TIMEOUT_SECONDS.

        Raises OSError where the body is a file that cannot be read.
        """


class TransportByScheme:
    """Hands each request to the transport of its URL's scheme."""

    def __init__(self, transports: Mapping[str, Transport]) -> None:
        self._transports = transports

    def get(self, url: str) -> Answer:
        """Return a small object."""
        return self._choose(url).get(url)

    def download(self, url: str, sink: Sink) -> Answer:
        """Append the object to the sink, from where the sink ends if the store can."""
        return self._choose(url).download(url, sink)

    def put(self, url: str, body: Body, *, is_quick: bool = False) -> Answer:
        """Store an object whole."""
        return self._choose(url).put(url, body, is_quick=is_quick)

    def _choose(self, url: str) -> Transport:
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme not in self._transports:
            known = ", ".join(sorted(self._transports))
            raise BadConfiguration(f"A storage URL does not begin with one of: {known}.")
        return self._transports[scheme]
