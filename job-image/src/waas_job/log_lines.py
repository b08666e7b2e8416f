"""The program's log: one JSON object a line on standard error.

Nothing in it may be a URL (a presigned one is a key to the bucket), audio or text.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import TextIO

# Neither quotes nor what JSON puts before them are part of it.
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>\\]*", re.IGNORECASE)
# A query that was torn from its URL, as in httpx's and h11's messages about paths.
_SIGNED_QUERY = re.compile(r"[^\s'\"<>\\]*X-Amz-[^\s'\"<>\\]*", re.IGNORECASE)

# httpx logs every URL at INFO, httpcore every header at DEBUG.
_TALKATIVE_LOGGERS = ("httpx", "httpcore")


def without_urls(text: str) -> str:
    """Return the text with everything that may be a URL, or the query of one, taken out."""
    return _SIGNED_QUERY.sub("[removed]", _URL.sub("[url]", text))


class JsonLineFormatter(logging.Formatter):
    """Writes a record as one JSON object; fields given as `extra={"fields": {...}}` join it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return without_urls(json.dumps(line, ensure_ascii=False, default=str))


def start_logging(stream: TextIO) -> None:
    """Send the log to the stream; called once, by the entry point."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What libraries warn of belongs on lines of the same form.
    logging.captureWarnings(True)
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).disabled = True


def log_fields(**fields: object) -> dict[str, object]:
    """Return the `extra` that adds fields to a line."""
    return {"fields": fields}
