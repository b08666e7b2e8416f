"""Tells whoever runs the tests what a fixture is busy with; what it prints itself, pytest keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def terminal_report(config: pytest.Config) -> Callable[[str], None]:
    """Returns what writes a line to the terminal, in the middle of a test run."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")

    def report(message: str) -> None:
        if terminal is not None:
            terminal.write_line(f"cluster: {message}")

    return report
