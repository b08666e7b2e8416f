"""The program's log: one JSON object a line on standard error.

Nothing in it may be a URL (a presigned one is a key to the bucket), audio or text.
"""

import logging
import re
from typing import TextIO

from waas_contract.log_lines import JsonLineFormatter

# Neither quotes nor what JSON puts before them are part of it.
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>\\]*", re.IGNORECASE)
# A query that was torn from its URL, as in httpx's and h11's messages about paths.
_SIGNED_QUERY = re.compile(r"[^\s'\"<>\\]*X-Amz-[^\s'\"<>\\]*", re.IGNORECASE)

# httpx logs every URL at INFO, httpcore every header at DEBUG.
_TALKATIVE_LOGGERS = ("httpx", "httpcore")


def without_urls(text: str) -> str:
    """Return the text with everything that may be a URL, or the query of one, taken out."""
    return _SIGNED_QUERY.sub("[removed]", _URL.sub("[url]", text))


class UrlFreeFormatter(JsonLineFormatter):
    """Writes the lines that every program writes, without URLs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return without_urls(super().format(record))


def start_logging(stream: TextIO) -> None:
    """Send the log to the stream; called once, by the entry point."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(UrlFreeFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What libraries warn of belongs on lines of the same form.
    logging.captureWarnings(True)
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).disabled = True
