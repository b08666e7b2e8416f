"""Brings a named run up and down, and tells how it is."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cluster import control_plane, minio_server, processes
from cluster.ending import end
from cluster.errors import ClusterError, NodeUnavailable
from cluster.minio_server import BUCKET, MinioServer
from cluster.node import node_servers, running
from cluster.node.image_store import ArchiveCommand
from cluster.probes import answers_ok
from cluster.run_folder import RunFolder
from cluster.servers import Binaries

SERVERS = (*control_plane.NAMES, minio_server.NAME)
NODE_SERVERS = node_servers.NAMES
# What must be downloaded or built for a node, beside the others.
NODE_BINARIES = node_servers.BINARIES

Report = Callable[[str], None]


@dataclass(frozen=True)
class ServerStatus:
    """How one server of a run is."""

    name: str
    pid: int | None = None
    port: int | None = None
    ready: bool = False


def status(run: RunFolder) -> list[ServerStatus]:
    """Asks every server of the run how it is; a run has those of a node or has none of them."""
    recorded = run.servers()
    statuses = []
    for name in (*SERVERS, *(NODE_SERVERS if has_node(run) else ())):
        launched = recorded.get(name)
        process = launched and processes.find(launched)
        if launched is None or process is None:
            statuses.append(ServerStatus(name))
            continue
        address = launched.server.ready_address
        ready = answers_ok(address, run.authority)
        statuses.append(ServerStatus(name, process.pid, urlsplit(address).port, ready))
    return statuses


def is_up(run: RunFolder) -> bool:
    """Tells whether every server of the run is ready."""
    return all(server.ready for server in status(run))


def has_node(run: RunFolder) -> bool:
    """Tells whether a node was started, or begun, with the run."""
    return any(name in run.servers() for name in NODE_SERVERS)


def up(
    run: RunFolder,
    binaries: Binaries,
    report: Report,
    pause: tuple[str, ArchiveCommand] | None = None,
) -> None:
    """Starts the run, unless it is up; what a crash left of an earlier one is cleared away.

    With a node if that node's pause image, and the command that writes it, are given.
    """
    began = time.monotonic()
    with run.alone():
        if is_up(run):
            if pause is not None and not has_node(run):
                raise NodeUnavailable(
                    "this run is up without a node, and its API server can't be reached by one;"
                    " `cluster down` ends it"
                )
            report("already up")
            return
        if run.path.exists():
            report("clearing away what is left of an earlier run")
            end(run)
        try:
            report("starting MinIO")
            minio_server.start(run, binaries).make_bucket()
            if pause is None:
                report("starting the control plane")
                control_plane.start(run, binaries)
            else:
                report("starting the control plane and the node")
                running.start(run, binaries, pause)
        except BaseException:
            # Also for Ctrl-C: a run is whole or not there.
            end(run)
            raise
        report(f"up after {time.monotonic() - began:.1f} s")


def down(run: RunFolder) -> None:
    """Stops the run and deletes all of it; does nothing where nothing is."""
    with run.alone():
        end(run)


def variables(run: RunFolder) -> dict[str, str]:
    """Returns the environment with which programs use the run."""
    if not is_up(run):
        raise ClusterError("the test cluster is not up; `make cluster-up` starts it")
    store = MinioServer.recorded(run)
    return {
        "KUBECONFIG": str(run.kubeconfig),
        "WAAS_S3_ENDPOINT": f"http://{store.endpoint}",
        "WAAS_S3_ACCESS_KEY": store.access_key,
        "WAAS_S3_SECRET_KEY": store.secret_key,
        "WAAS_S3_BUCKET": BUCKET,
    }


def exports(environment: Mapping[str, str]) -> str:
    """Returns shell lines for `eval` that set these variables, whatever their values hold."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
