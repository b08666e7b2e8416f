"""A pytest plugin: what tests measured stands below the results, also of tests that passed."""

from collections.abc import Callable, Iterator

import pytest

_PROPERTY = "figures"


@pytest.fixture
def tell_figures(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[[str], None]:
    """Takes a line for the summary."""

    def tell(text: str) -> None:
        record_property(_PROPERTY, f"{request.node.name}: {text}")

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Writes the lines; a report brings them along from another process, too."""
    lines = list(_find_lines(terminalreporter))
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)


def _find_lines(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                yield from (str(text) for name, text in report.user_properties if name == _PROPERTY)
