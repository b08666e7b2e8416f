"""The command line: `python -m cluster up|down|status|env|build`, with `tests` on the path."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cluster import lifecycle
from cluster.binaries.machine import cache_folder
from cluster.binaries.obtaining import allowed_by_environment, obtain
from cluster.errors import ClusterError
from cluster.run_folder import RunFolder


def _report(message: str) -> None:
    # To standard error, since `env` is evaluated by a shell.
    print(f"cluster: {message}", file=sys.stderr, flush=True)


def _binaries() -> dict[str, Path]:
    return obtain(lifecycle.SERVERS, allowed_by_environment(build_by_default=True), _report)


def _build(_: RunFolder) -> int:
    for name, path in _binaries().items():
        _report(f"{name}: {path}")
    return 0


def _up(run: RunFolder) -> int:
    lifecycle.up(run, _binaries(), _report)
    _report(f"KUBECONFIG={run.kubeconfig}")
    return 0


def _down(run: RunFolder) -> int:
    lifecycle.down(run)
    _report("down")
    return 0


def _status(run: RunFolder) -> int:
    servers = lifecycle.status(run)
    print(f"{'SERVER':<25}{'PID':<10}{'PORT':<8}READY")
    for server in servers:
        ready = "yes" if server.ready else "no"
        print(f"{server.name:<25}{server.pid or '-':<10}{server.port or '-':<8}{ready}")
    return 0 if all(server.ready for server in servers) else 1


def _env(run: RunFolder) -> int:
    print(lifecycle.exports(lifecycle.variables(run)))
    return 0


_COMMANDS = {
    "up": (_up, "start the servers, after getting their binaries"),
    "down": (_down, "stop the servers and delete their data"),
    "status": (_status, "tell which servers are ready; exits 1 unless all are"),
    "env": (_env, 'print what `eval "$(python -m cluster env)"` sets'),
    "build": (_build, "get the binaries only: find, download or build them"),
}


def main() -> int:
    """Runs one command and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in _COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument(
            "--name", default="default", help="which cluster, where this checkout has several"
        )
    arguments = parser.parse_args()
    run = RunFolder.named(arguments.name, cache_folder())
    try:
        return _COMMANDS[arguments.command][0](run)
    except ClusterError as error:
        _report(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
