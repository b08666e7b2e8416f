"""Words of strangers, such as names of files, made fit for a terminal."""

import os
import sys
from pathlib import Path

import typer


def plain(text: str) -> str:
    """Return a text without what a terminal would obey; lines stay lines."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}"
                   for each in text)  # fmt: skip


def complain(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{plain(text)}\n")


def print_path(path: Path) -> None:
    """Write a path to standard output as the file system has it, whatever its bytes mean."""
    typer.echo(os.fsencode(path))
