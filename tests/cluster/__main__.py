"""The command line: `python -m cluster up|down|status|env|build|gpu`, with `tests` on the path."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from pathlib import Path

from cluster import lifecycle
from cluster.binaries.machine import cache_folder
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.control_plane import ControlPlane
from cluster.errors import ClusterError
from cluster.node import Node, running
from cluster.run_folder import RunFolder

# In the node before the first pod; without it there is none.
_PAUSE = "pause"


def _report(message: str) -> None:
    # To standard error, since `env` is evaluated by a shell.
    print(f"cluster: {message}", file=sys.stderr, flush=True)


def _binaries(*more: str, node: bool) -> dict[str, Path]:
    names = (*lifecycle.SERVERS, *(lifecycle.NODE_BINARIES if node else ()), *more)
    return obtain(names, allowed_by_environment(build_by_default=True), _report)


def _build(_: RunFolder, arguments: Namespace) -> int:
    # What no cluster runs, and the chart's tests do.
    for name, path in _binaries("kube-score", node=arguments.node).items():
        _report(f"{name}: {path}")
    return 0


def _up(run: RunFolder, arguments: Namespace) -> int:
    if arguments.node or arguments.images:
        _up_with_node(run, arguments.images)
    else:
        lifecycle.up(run, _binaries(node=False), _report)
    _report(f"KUBECONFIG={run.kubeconfig}")
    return 0


def _up_with_node(run: RunFolder, names: str | None) -> None:
    # Not above: the other commands work without knowing how images are built.
    from images.building import archive_command, ensure
    from images.catalogue import IMAGES
    from images.errors import ImagesError

    running.require(run, _report)
    wanted = names.split(",") if names else list(IMAGES)
    binaries = _binaries(node=True)
    try:
        references = ensure(dict.fromkeys([_PAUSE, *wanted]), _report)
        lifecycle.up(run, binaries, _report, (references[_PAUSE], archive_command))
        Node(ControlPlane.recorded(run)).load(references.values(), _report)
    except ImagesError as error:
        raise ClusterError(str(error)) from error


def _down(run: RunFolder, _: Namespace) -> int:
    lifecycle.down(run)
    _report("down")
    return 0


def _status(run: RunFolder, _: Namespace) -> int:
    servers = lifecycle.status(run)
    print(f"{'SERVER':<25}{'PID':<10}{'PORT':<8}READY")
    for server in servers:
        ready = "yes" if server.ready else "no"
        print(f"{server.name:<25}{server.pid or '-':<10}{server.port or '-':<8}{ready}")
    return 0 if all(server.ready for server in servers) else 1


def _env(run: RunFolder, _: Namespace) -> int:
    print(lifecycle.exports(lifecycle.variables(run)))
    return 0


def _gpu(run: RunFolder, arguments: Namespace) -> int:
    if not (lifecycle.has_node(run) and lifecycle.is_up(run)):
        raise ClusterError("there is no node to put GPUs on; `cluster up --node` starts one")
    Node(ControlPlane.recorded(run)).advertise_gpus(arguments.count)
    _report(f"GPUs that the scheduler can count on: {arguments.count}")
    return 0


_COMMANDS = {
    "up": (_up, "start the servers, after getting their binaries"),
    "down": (_down, "stop the servers and delete their data"),
    "status": (_status, "tell which servers are ready; exits 1 unless all are"),
    "env": (_env, 'print what `eval "$(python -m cluster env)"` sets'),
    "build": (_build, "get the binaries only: find, download or build them"),
    "gpu": (_gpu, "let the scheduler count GPUs on the node, which no program gets to see"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in _COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument(
            "--name", default="default", help="which cluster, where this checkout has several"
        )
        if name in ("up", "build"):
            command.add_argument(
                "--node", action="store_true", help="with a node, on which pods run (Linux, root)"
            )
        if name == "up":
            command.add_argument(
                "--images", help="which images to bring into the node: api,job; without this, all"
            )
        if name == "gpu":
            command.add_argument("count", type=int, help="how many; 0 takes them away")
    return parser


def main() -> int:
    """Runs one command and returns the exit code."""
    arguments = _parser().parse_args()
    run = RunFolder.named(arguments.name, cache_folder())
    try:
        return _COMMANDS[arguments.command][0](run, arguments)
    except ClusterError as error:
        _report(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
