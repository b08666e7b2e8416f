"""What one run keeps on disk: keys, logs, data, and the record of its processes.

FOLDER/
├── state.json     every server: command line, environment, pid, start time
├── kubeconfig     the administrator's
├── kubeconfigs/   everybody else's
├── tls/           the CA and what it signed
├── logs/          one per server
└── etcd/ minio/   the servers' data
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from cluster.servers import Server

_CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Launched:
    """A server's record, written before it is launched and again after."""

    server: Server
    # None before the launch and after a stop.
    pid: int | None = None
    # When the process began, as the kernel tells, in seconds since the epoch.
    started: float | None = None


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; it may not exist, which means that nothing runs."""

    path: Path

    @classmethod
    def named(cls, name: str, cache: Path, checkout: Path = _CHECKOUT) -> RunFolder:
        """Returns the folder of a name in a checkout; other names and checkouts have others."""
        key = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
        return cls(cache / "run" / f"{name}-{key}")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.path / "kubeconfig"

    @property
    def tls(self) -> Path:
        """The folder of certificates and keys."""
        return self.path / "tls"

    @property
    def authority(self) -> Path:
        """The CA certificate, with which a client verifies the servers."""
        return self.tls / "ca.crt"

    def log(self, server: str) -> Path:
        """Returns the file that gets what a server prints."""
        return self.path / "logs" / server

    def create(self) -> None:
        """Makes the folder and its parts, for this user's eyes only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("kubeconfigs", "tls", "logs"):
            (self.path / part).mkdir(exist_ok=True)

    def write_secret(self, path: Path, content: bytes | str) -> Path:
        """Writes a file that only this user reads; it appears whole or not at all."""
        partial = path.with_name(f".{path.name}.partial")
        partial.touch(mode=0o600)
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.rename(path)
        return path

    def servers(self) -> dict[str, Launched]:
        """Returns the recorded servers by name, in the order of their first start."""
        try:
            written = (self.path / "state.json").read_text()
        except FileNotFoundError:
            return {}
        return {name: _launched(fields) for name, fields in json.loads(written).items()}

    def record(self, launched: Launched) -> None:
        """Adds a server's record, or replaces it."""
        servers = self.servers() | {launched.server.name: launched}
        fields = {name: asdict(each) for name, each in servers.items()}
        self.write_secret(self.path / "state.json", json.dumps(fields, indent=2))

    def remove(self, *, keep_logs: bool = False) -> None:
        """Deletes the folder, or all of it but the logs."""
        if not self.path.exists():
            return
        for entry in self.path.iterdir():
            if keep_logs and entry.name == "logs":
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not keep_logs:
            self.path.rmdir()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes out of this run until the block ends, or this process."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder, which comes and goes while the lock is held.
        lock = self.path.with_name(f".{self.path.name}.lock")
        while True:
            with lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not _is_at(lock, file):
                    # Whoever held it before us took it away; a third may have made another.
                    continue
                try:
                    yield
                finally:
                    if not self.path.exists():
                        lock.unlink()
                return


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _launched(fields: dict[str, Any]) -> Launched:
    server = fields["server"]
    return Launched(
        server=Server(
            **server | {each: tuple(server.get(each, ())) for each in ("command", "launcher")}
        ),
        pid=fields["pid"],
        started=fields["started"],
    )
