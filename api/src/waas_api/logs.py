"""Logs as lines of JSON, without what a query may hold of people."""

import logging

from waas_contract.log_lines import JsonLineFormatter


def drop_query(record: logging.LogRecord) -> bool:
    """Cut the query, which may hold an e-mail address, from a line of uvicorn's access log."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
    return True


def configure_logging() -> None:
    """Make every logger of the process write lines of JSON to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").addFilter(drop_query)
