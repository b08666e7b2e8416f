"""The trace of a job, as one line that a header, an annotation and a variable carry.

It is `traceparent` of W3C's Trace Context, version 00.
"""

import re
from collections.abc import Mapping

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def read_traceparent(text: str | None) -> str | None:
    """Return a traceparent that has the form which it must have; None for everything else."""
    return text if text and _TRACEPARENT.fullmatch(text) else None


def names_collector(environment: Mapping[str, str]) -> bool:
    """Tell whether OpenTelemetry's own variables name a collector, without which none is sent."""
    return any(environment.get(name) for name in _ENDPOINTS)
