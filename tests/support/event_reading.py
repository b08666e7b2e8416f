"""Reads server-sent events in tests."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    type: str
    data: Any
    id: str


def parse_events(text: str) -> list[Event]:
    """Return the events of a stream so far; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":"
        )
        if "event" in fields:
            events.append(Event(fields["event"], json.loads(fields["data"]), fields["id"]))
    return events
