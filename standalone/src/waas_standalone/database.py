"""The only SQLite code: one file, one connection, one thread, so that writers never meet.

What was committed is on the disk (`synchronous=FULL`): an accepted job survives `kill -9` and a
power cut.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from waas_standalone.errors import DatabaseFailed, DatabaseFull

Result = TypeVar("Result")

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    phase TEXT NOT NULL,
    resource TEXT NOT NULL,
    UNIQUE (kind, namespace, name)
) STRICT;
CREATE INDEX objects_by_owner ON objects (kind, namespace, owner);
CREATE INDEX objects_by_phase ON objects (kind, phase, sequence);
CREATE TABLE resource_version (latest INTEGER NOT NULL) STRICT;
INSERT INTO resource_version VALUES (0);
"""


class Database:
    """A SQLite file; `close` comes last."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if it is not there; raises DatabaseFailed."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        try:
            self._connection = self._thread.submit(_open, path).result()
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise DatabaseFailed(f"The database {path} cannot be used: {error}.") from error
        except DatabaseFailed:
            self._thread.shutdown()
            raise

    async def run(
        self, work: Callable[[sqlite3.Connection], Result], *, after: Callable[[], None]
    ) -> Result:
        """Do work in a transaction of its own: all of it is kept, or nothing.

        `after` is called in the event loop once it is kept, also where nobody waits for the result
        any more.
        """
        loop = asyncio.get_running_loop()

        def run() -> Result:
            result = self._run(work)
            loop.call_soon_threadsafe(after)
            return result

        try:
            return await loop.run_in_executor(self._thread, run)
        except sqlite3.Error as error:
            is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            kind = DatabaseFull if is_full else DatabaseFailed
            raise kind(f"The database does not work: {error}.") from error

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk ends a transaction by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    def close(self) -> None:
        """Close the file after what is under way."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _SCHEMA_VERSION:
        raise DatabaseFailed(f"The database {path} was written by a newer release of waas.")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_SCHEMA_VERSION}; COMMIT;")
