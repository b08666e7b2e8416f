"""Runs commands: quiet while they succeed, with their last lines when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from images.errors import CommandFailed

_LAST_LINES = 20


def run(words: Sequence[str]) -> str:
    """Runs a command and returns what it printed."""
    result = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise CommandFailed(_complaint(words, result.stdout + result.stderr))
    return result.stdout


def run_logged(words: Sequence[str], log: Path) -> None:
    """Runs a command that prints much and takes long, with its output in the file `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        result = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode != 0:
        raise CommandFailed(f"{_complaint(words, log.read_text(errors='replace'))}\nAll: {log}")


def succeeds(words: Sequence[str], within_seconds: float) -> bool:
    """Tells whether a command can be run, and exits with 0 in time."""
    try:
        return (
            subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=within_seconds,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _complaint(words: Sequence[str], printed: str) -> str:
    lines = printed.strip().splitlines()[-_LAST_LINES:]
    return "\n".join([f"this failed: {' '.join(words)}", *lines])
