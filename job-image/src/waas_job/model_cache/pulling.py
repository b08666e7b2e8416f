"""One file from its address into the cache; whatever breaks off goes on where it was.

    200, 206                  take the bytes, then compare the digest
    no answer, 408, 429, 5xx  wait and ask again, until there was no progress for too long
    any other status          the address does not give the file: say so at once

A file gets its name only with the right digest.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from waas_contract.model_catalogue import ModelFile
from waas_job.errors import JobError
from waas_job.model_cache.errors import NoSpace, SourceRefused, SourceUnreachable, WrongDigest
from waas_job.model_cache.partial_file import PartialFile
from waas_job.storage.file_transport import FileTransport
from waas_job.storage.http_transport import HttpTransport
from waas_job.storage.retrying import Patience, Waiting
from waas_job.storage.transport import Answer, TransferError

logger = logging.getLogger(__name__)

# So that the disk of the machine is not filled to its last byte.
_SPARE_BYTES = 64 * 1024**2

_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)

_KEPT = "What has arrived is kept: the next pull goes on from there."
_NO_NETWORK = (
    "If this machine has no network, name a mirror in WAAS_MODEL_MIRROR, or pull the model on "
    "another machine and copy the folder."
)


@dataclass(frozen=True)
class PullProgress:
    """How far the pull of one file is."""

    model: str
    file: str
    received_bytes: int
    total_bytes: int | None
    """None where neither the catalogue nor the address tells."""


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class PullSettings:
    """How files are pulled."""

    mirror: str | None = None
    """Takes the place of scheme and host of every http address."""

    patience_seconds: float = 30
    """How long a pull may go without a single byte."""

    waiting: Waiting = field(default_factory=Waiting)
    free_bytes: Callable[[Path], int] = _free_bytes


class FilePuller:
    """Fetches files over HTTP, by the environment's proxies, or from another folder."""

    def __init__(self, settings: PullSettings) -> None:
        self._settings = settings
        # A redirect may lead anywhere: what comes is trusted for its digest alone.
        self._http = HttpTransport(follow_redirects=True)
        self._transports: dict[str, HttpTransport | FileTransport] = {
            "http": self._http,
            "https": self._http,
            "file": FileTransport(),
        }

    def close(self) -> None:
        """Let go of what is still open to servers."""
        self._http.close()

    def pull(
        self, file: ModelFile, target: Path, on_progress: Callable[[int, int | None], None]
    ) -> None:
        """Bring a file to its place.

        Raises:
            NoSpace: it does not fit.
            SourceRefused: the address does not give it.
            SourceUnreachable: the address gave no whole answer for too long.
            WrongDigest: the address gives something else.
        """
        address = mirrored(file.address, self._settings.mirror)
        total = file.bytes if file.bytes is not None else self._measure(address)
        with PartialFile(target, file.sha256, lambda size: on_progress(size, total)) as partial:
            on_progress(partial.size, total)
            if partial.sha256 != file.sha256:
                self._require_space(file, partial, total)
                self._fetch_right(address, partial, file.sha256)
            if partial.sha256 != file.sha256:
                partial.remove()
                raise WrongDigest(
                    f"{shown(address)} is not what the catalogue means by {file.path}: its SHA-256 "
                    f"is {partial.sha256} and should be {file.sha256}. Nothing was kept of it."
                )
            partial.publish()

    def _measure(self, address: str) -> int | None:
        try:
            return self._transports[urlsplit(address).scheme].measure(address)
        except (TransferError, JobError):
            # It is only for people and a full disk; what is wrong shows when the file is fetched.
            return None

    def _require_space(self, file: ModelFile, partial: PartialFile, total: int | None) -> None:
        free = self._settings.free_bytes(partial.path.parent)
        if total is not None and total - partial.size + _SPARE_BYTES > free:
            raise NoSpace(
                f"{file.path} does not fit into {partial.path.parent}: it needs "
                f"{total - partial.size} more bytes, and {free} are free."
            )

    def _fetch_right(self, address: str, partial: PartialFile, sha256: str) -> None:
        was_resumed = partial.size > 0
        self._fetch(address, partial)
        if was_resumed and partial.sha256 != sha256:
            # What was there may have been of another file: once more, from the beginning.
            logger.warning("%s: what was resumed does not fit; beginning anew", shown(address))
            partial.restart()
            self._fetch(address, partial)

    def _fetch(self, address: str, partial: PartialFile) -> None:
        transport = self._transports[urlsplit(address).scheme]
        patience = Patience(self._settings.patience_seconds, self._settings.waiting)
        while True:
            size_before = partial.size
            answer: Answer | None = None
            try:
                answer = transport.download(address, partial)
                trouble = answer.describe()
            except TransferError as error:
                trouble = str(error)
            except JobError as error:
                raise SourceRefused(f"{shown(address)} cannot be asked: {error.message}") from error
            if answer and answer.is_success:
                return
            if answer and not _may_pass(answer):
                raise SourceRefused(f"{shown(address)} does not give the file ({trouble}).")
            if partial.size > size_before:
                patience.renew()
            if patience.is_over:
                raise SourceUnreachable(
                    f"{shown(address)} cannot be reached ({trouble}). "
                    + (_KEPT if partial.size else _NO_NETWORK)
                )
            logger.warning("%s: %s; trying again", shown(address), trouble)
            patience.wait(at_least=answer.retry_after_seconds if answer else None)


def mirrored(address: str, mirror: str | None) -> str:
    """Return where an http address lies on a mirror: below it, with the same path."""
    parts = urlsplit(address)
    if mirror is None or parts.scheme not in ("http", "https"):
        return address
    return mirror.rstrip("/") + urlunsplit(("", "", parts.path, parts.query, ""))


def shown(address: str) -> str:
    """Return an address without what may be secret in it."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _may_pass(answer: Answer) -> bool:
    return answer.status in _PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
