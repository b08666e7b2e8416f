"""`waas-models`: fills and checks the model cache where there is nothing but the job image.

It tells what it does on standard error and answers on standard output. Its exit codes are those of
BSD's sysexits.h, so that a Job's podFailurePolicy can tell what is worth another try:

    0   done
    65  a file is not what the catalogue says
    66  the model is not in the cache
    69  the address does not give the file
    73  the file cannot be stored
    75  the address cannot be reached for now: try again
    78  no such model, or a setting is wrong
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from waas_job.errors import BadConfiguration
from waas_job.model_cache.cache import ModelCache, ModelState
from waas_job.model_cache.errors import (
    CacheUnusable,
    ModelCacheError,
    NoSpace,
    NotCached,
    SourceRefused,
    SourceUnreachable,
    UnknownModel,
    UnusableCatalogue,
    WrongDigest,
)
from waas_job.model_cache.pulling import PullProgress
from waas_job.model_cache.settings import open_model_cache

_EXIT_CODES: dict[type[ModelCacheError], int] = {
    WrongDigest: 65,
    NotCached: 66,
    SourceRefused: 69,
    NoSpace: 73,
    CacheUnusable: 73,
    SourceUnreachable: 75,
    UnknownModel: 78,
    UnusableCatalogue: 78,
}
_BAD_CONFIGURATION = 78
_INTERRUPTED = 130
_PROGRESS_INTERVAL_SECONDS = 2.0
_MEBIBYTE = 1024**2


def main() -> None:
    """Run on the process's own command line."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what a command line asks for and return the exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    try:
        cache = open_model_cache(
            os.environ, folder=asked.folder, catalogues=asked.catalogue, mirror=asked.mirror
        )
        if asked.command == "list":
            _list(cache, is_json=asked.json)
            return 0
        return _for_each(asked.names, cache, asked.command)
    except ModelCacheError as error:
        return _complain(error)
    except BadConfiguration as error:
        sys.stderr.write(f"{error.message}\n")
        return _BAD_CONFIGURATION
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; what has arrived is kept.\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="waas-models", description="Fill and check the model cache."
    )
    parser.add_argument(
        "--folder", type=Path, help="the model cache; else WAAS_MODEL_DIRECTORY, else your own"
    )
    parser.add_argument(
        "--catalogue",
        type=Path,
        action="append",
        default=[],
        help="a catalogue file besides those of WAAS_MODEL_CATALOGUE",
    )
    parser.add_argument("--mirror", help="URL in place of scheme and host; else WAAS_MODEL_MIRROR")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="show every model and whether it is there")
    listing.add_argument("--json", action="store_true", help="one JSON object in a line for each")
    for name, about in (
        ("pull", "bring models into the cache"),
        ("verify", "read models and compare their digests"),
        ("path", "show where models lie"),
    ):
        commands.add_parser(name, help=about).add_argument("names", nargs="+", metavar="NAME")
    return parser


def _for_each(names: Sequence[str], cache: ModelCache, command: str) -> int:
    """Do all that can be done; return the code of the first thing that could not."""
    exit_code = 0
    for name in names:
        try:
            if command == "pull":
                state = cache.pull(name, _ProgressLines())
                _answer(f"{state.name}: pulled and verified, {state.path}")
            elif command == "verify":
                state = cache.verify(name)
                _answer(f"{state.name}: verified, {state.path}")
            else:
                _answer(str(cache.path(name)))
        except ModelCacheError as error:
            exit_code = exit_code or _complain(error)
    return exit_code


def _complain(error: ModelCacheError) -> int:
    sys.stderr.write(f"{error.message}\n")
    return _EXIT_CODES[type(error)]


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _list(cache: ModelCache, *, is_json: bool) -> None:
    for state in cache.list():
        _answer(json.dumps(_describe(state)) if is_json else _show(state))


def _describe(state: ModelState) -> dict[str, object]:
    return {
        "name": state.name,
        "otherNames": state.other_names,
        "layout": state.layout.value,
        "bytes": state.bytes,
        "isCached": state.is_cached,
        "isVerified": state.is_verified,
        "path": str(state.path),
    }


def _show(state: ModelState) -> str:
    names = " = ".join((state.name, *state.other_names))
    size = f"{state.bytes / _MEBIBYTE:.0f} MiB" if state.bytes else "size unknown"
    if not state.is_cached:
        where = "not in the cache"
    else:
        where = f"{'verified' if state.is_verified else 'not verified'}, {state.path}"
    return f"{names:28}{size:>14}  {where}"


class _ProgressLines:
    """Writes how far a pull is, every other second."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: PullProgress) -> None:
        now = time.monotonic()
        if now < self._next and progress.received_bytes != progress.total_bytes:
            return
        self._next = now + _PROGRESS_INTERVAL_SECONDS
        total = progress.total_bytes
        of = f" of {total / _MEBIBYTE:.1f}" if total else ""
        sys.stderr.write(f"{progress.file}: {progress.received_bytes / _MEBIBYTE:.1f}{of} MiB\n")


if __name__ == "__main__":
    main()
