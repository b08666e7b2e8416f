"""What can go wrong on one machine.

    StandaloneError
    |-- BadSettings          a setting does not fit
    |   |-- UnsafeAddress    listening there would let strangers in
    |   `-- ModelMissing     the model that is used by default is not in the model folder
    |-- AddressTaken         another program listens there
    |-- DataFolderUnusable   the data folder cannot be written to
    |-- DataFolderTaken      another server works on the data folder
    |-- DatabaseFailed       SQLite could not do what was asked
    |   `-- DatabaseFull     its disk has no room
    |-- Died                 a part of the server ended that must not end
    |-- RecordError          the records do not take a change
    |   |-- NameExists
    |   |-- VersionChanged
    |   `-- RecordUnreadable
    `-- UnusableKey          no file can stand for an object of that key

Those that end the server are a sentence for the person at the terminal, with an exit code. The
others go no further than the adapters, which have the api's and the operator's errors for them.
"""

_EX_SOFTWARE = 70
_EX_UNAVAILABLE = 69
_EX_CANTCREAT = 73
_EX_CONFIG = 78


class StandaloneError(Exception):
    """Anything that keeps the server from its work."""

    exit_code = _EX_SOFTWARE


class BadSettings(StandaloneError):
    """A setting does not fit."""

    exit_code = _EX_CONFIG


class UnsafeAddress(BadSettings):
    """Listening there would let strangers in."""


class ModelMissing(BadSettings):
    """The model that is used by default is not in the model folder."""


class AddressTaken(StandaloneError):
    """Another program listens there, or nobody may."""

    exit_code = _EX_UNAVAILABLE


class DataFolderUnusable(StandaloneError):
    """The data folder cannot be written to."""

    exit_code = _EX_CANTCREAT


class DataFolderTaken(StandaloneError):
    """Another server works on the data folder."""

    exit_code = _EX_UNAVAILABLE


class DatabaseFailed(StandaloneError):
    """SQLite could not do what was asked; the change did not happen."""

    exit_code = _EX_CANTCREAT


class DatabaseFull(DatabaseFailed):
    """The database's disk has no room; the change did not happen."""


class Died(StandaloneError):
    """A part of the server ended that must not end."""


class RecordError(StandaloneError):
    """The records do not take a change."""


class NameExists(RecordError):
    """There is an object of that kind and name."""


class VersionChanged(RecordError):
    """The object is not what it was when it was read, or is gone."""


class RecordUnreadable(RecordError):
    """The object is not in a form that this release can read."""


class UnusableKey(StandaloneError):
    """No file can stand for an object of that key."""
