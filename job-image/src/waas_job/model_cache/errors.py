"""What can go wrong with the model cache.

    ModelCacheError
    ├── UnknownModel       no catalogue names it
    ├── UnusableCatalogue  a catalogue file is missing or wrong
    ├── NotCached          the folder does not hold it
    ├── WrongDigest        a file is not what the catalogue says
    ├── SourceRefused      the address answers, and does not give the file
    ├── SourceUnreachable  no whole answer for longer than our patience
    ├── NoSpace            the file does not fit on the disk
    └── CacheUnusable      the folder cannot be read or written

Every message is a sentence for the person who fills the cache.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ModelCacheError(Exception):
    """The cache cannot do what was asked, for a reason that a person can read."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownModel(ModelCacheError):
    """No catalogue names the model."""


class UnusableCatalogue(ModelCacheError):
    """A catalogue file cannot be read, or says what it may not."""


class NotCached(ModelCacheError):
    """The folder does not hold the model."""


class WrongDigest(ModelCacheError):
    """A file is not the one that the catalogue means."""


class SourceRefused(ModelCacheError):
    """The address does not give the file, and asking again would not help."""


class SourceUnreachable(ModelCacheError):
    """The address gave no whole answer; later it may."""


class NoSpace(ModelCacheError):
    """The disk is too small."""


class CacheUnusable(ModelCacheError):
    """The folder cannot be read, or takes no files from this process."""


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Turn what the system refuses below a folder into CacheUnusable."""
    try:
        yield
    except OSError as error:
        what = f"{error.strerror} ({error.filename})" if error.filename else str(error)
        raise CacheUnusable(f"The model cache {folder} cannot be used: {what}.") from error
