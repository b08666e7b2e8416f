"""A MinIO server: the S3 store of tests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from minio import Minio
from minio.error import MinioException
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from cluster import processes, servers
from cluster.errors import PortTaken, StartFailed
from cluster.ports import free_ports
from cluster.run_folder import RunFolder
from cluster.servers import Credentials

NAME = "minio"
BUCKET = "waas"

_START_ATTEMPTS = 3
_USABLE_WITHIN = 60.0


@dataclass(frozen=True)
class MinioServer:
    """A running MinIO, as tests see it."""

    run: RunFolder
    # Host and port.
    endpoint: str
    access_key: str
    secret_key: str

    @classmethod
    def recorded(cls, run: RunFolder) -> MinioServer:
        """Returns the MinIO that the run's record tells of."""
        server = run.servers()[NAME].server
        return cls(
            run,
            endpoint=urlsplit(server.ready_address).netloc,
            access_key=server.environment["MINIO_ROOT_USER"],
            secret_key=server.environment["MINIO_ROOT_PASSWORD"],
        )

    def stop(self) -> None:
        """Takes the store away; its data stay."""
        processes.stop(self.run, NAME)

    def start(self) -> None:
        """Brings the store back, at the same address and with the same data."""
        processes.launch(self.run, self.run.servers()[NAME].server)
        self.wait_until_usable()

    def wait_until_usable(self) -> None:
        """Returns once requests are answered.

        MinIO calls itself ready a little before that, and tells whoever comes in between to
        try again in a minute; clients that heed it make a test hang for that long.
        """
        processes.wait_until_ready(self.run, NAME)
        client = self._client()
        give_up = time.monotonic() + _USABLE_WITHIN
        while True:
            try:
                client.list_buckets()
            except (MinioException, HTTPError) as error:
                if time.monotonic() > give_up:
                    raise StartFailed(
                        f"MinIO refuses requests; see {self.run.log(NAME)}"
                    ) from error
                time.sleep(0.05)
            else:
                return

    def make_bucket(self, name: str = BUCKET) -> None:
        """Makes a bucket, unless it is there."""
        client = self._client()
        if not client.bucket_exists(bucket_name=name):
            client.make_bucket(bucket_name=name)

    def _client(self) -> Minio:
        return Minio(
            self.endpoint,
            self.access_key,
            self.secret_key,
            secure=False,
            region="us-east-1",
            http_client=PoolManager(retries=False, timeout=10),
        )


def start(
    run: RunFolder, binaries: servers.Binaries, environment: Mapping[str, str] | None = None
) -> MinioServer:
    """Starts a MinIO with a root user of its own, and waits until it can be used."""
    credentials = Credentials(secrets.token_hex(8), secrets.token_hex(20))
    run.create()
    for attempt in range(1, _START_ATTEMPTS + 1):
        [port] = free_ports(1)
        server = servers.minio(binaries, run.path, port, credentials)
        variables = {**server.environment, **(environment or {})}
        processes.launch(run, replace(server, environment=variables))
        try:
            started = MinioServer.recorded(run)
            started.wait_until_usable()
        except PortTaken:
            if attempt == _START_ATTEMPTS:
                raise
        else:
            return started
    raise AssertionError("unreachable")
