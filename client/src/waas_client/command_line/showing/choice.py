"""Chooses how to show things."""

from rich.console import Console

from waas_client.command_line.showing.bars import BarsDisplay
from waas_client.command_line.showing.json_lines import JsonDisplay
from waas_client.command_line.showing.lines import LinesDisplay
from waas_client.command_line.showing.news import Display


def choose_display(*, as_json: bool) -> Display:
    """Return JSON if it was asked for, bars for a person at a terminal, else plain lines."""
    if as_json:
        return JsonDisplay()
    console = Console(stderr=True)
    return BarsDisplay(console) if console.is_terminal else LinesDisplay()
