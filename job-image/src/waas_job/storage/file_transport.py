"""Objects that are plain files, for one machine without a store: `file:///...`.

A file appears whole or not at all, as an object does.
"""

import os
import shutil
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from waas_job.storage.transport import NO_SUCH_KEY, Answer, Body, Sink, TransferError

_PIECE_BYTES = 1 << 20

_OK = 200
_FORBIDDEN = 403
_NOT_FOUND = 404
_PRECONDITION_FAILED = 412
_NOT_IMPLEMENTED = 501


class FileTransport:
    """Reads and writes files under their own paths."""

    def get(self, url: str) -> Answer:
        """Return a small file."""
        try:
            return Answer(_OK, body=_path_of(url).read_bytes())
        except OSError as error:
            return _answer_to(error)

    def measure(self, url: str) -> int | None:
        """Return the length of a file; None where there is none to be seen."""
        try:
            return _path_of(url).stat().st_size
        except OSError:
            return None

    def download(self, url: str, sink: Sink) -> Answer:
        """Give the file to the sink, copied only where it must be; it begins anew each time."""
        path = _path_of(url)
        try:
            file = path.open("rb")
        except OSError as error:
            return _answer_to(error)
        with file:
            sink.adopt(path)
            while piece := _read(file.fileno()):
                sink.write(piece)
        return Answer(_OK)

    def put(self, url: str, body: Body, *, is_quick: bool = False) -> Answer:  # noqa: ARG002
        """Write a file whole, and to the disk, before it gets its name."""
        path = _path_of(url)
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        content = body.open()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("xb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            return _publish(unfinished, path, only_if_absent=body.only_if_absent)
        except OSError as error:
            return _answer_to(error)
        finally:
            content.close()
            unfinished.unlink(missing_ok=True)


def _publish(unfinished: Path, path: Path, *, only_if_absent: bool) -> Answer:
    if not only_if_absent:
        unfinished.replace(path)
    else:
        try:
            # Unlike a rename, a link never replaces.
            path.hardlink_to(unfinished)
        except FileExistsError:
            return Answer(_PRECONDITION_FAILED)
        except PermissionError:
            # What file systems without links answer; whoever asks can do without.
            return Answer(_NOT_IMPLEMENTED)
    sync_directory(path.parent)
    return Answer(_OK)


def sync_directory(directory: Path) -> None:
    """Write a folder's names to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _PIECE_BYTES)
    except OSError as error:
        raise TransferError(error.strerror or type(error).__name__) from None


def _path_of(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _answer_to(error: OSError) -> Answer:
    if isinstance(error, FileNotFoundError):
        return Answer(_NOT_FOUND, error_code=NO_SUCH_KEY)
    if isinstance(error, PermissionError):
        return Answer(_FORBIDDEN)
    # Without the path, as errors about other URLs are without theirs.
    raise TransferError(error.strerror or type(error).__name__) from None
