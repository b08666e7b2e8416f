"""The command line: `python -m images build|list [names…]`, with `tests` on the path."""

from __future__ import annotations

import argparse
import sys

from images.building import ensure, reference, sizes
from images.catalogue import IMAGES
from images.errors import ImagesError
from images.sizes import megabytes


def _report(message: str) -> None:
    # To standard error, since what is printed is for another program, too.
    print(f"images: {message}", file=sys.stderr, flush=True)


def _build(names: list[str]) -> None:
    for built in ensure(names, _report).values():
        print(built)


def _list(names: list[str]) -> None:
    print(f"{'IMAGE':<10}{'TOTAL':>10}{'OVER BASE':>12}{'TOP LAYER':>12}  REFERENCE")
    for name, measured in sizes(names).items():
        columns = ["-", "-", "-"]
        if measured is not None:
            columns = [
                "-" if size is None else megabytes(size)
                for size in (measured.total, measured.over_base, measured.top_layer)
            ]
        total, over_base, top_layer = columns
        print(f"{name:<10}{total:>10}{over_base:>12}{top_layer:>12}  {reference(name)}")


_COMMANDS = {
    "build": (_build, "build what is missing, and print the references"),
    "list": (_list, "print sizes and references; a dash for what is not stored"),
}


def main() -> int:
    """Runs one command and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in _COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("names", nargs="*", help=f"of {', '.join(IMAGES)}; none: all")
    arguments = parser.parse_args()
    try:
        _COMMANDS[arguments.command][0](arguments.names or list(IMAGES))
    except ImagesError as error:
        _report(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
