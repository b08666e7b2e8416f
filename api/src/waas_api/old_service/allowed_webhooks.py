"""Reads the ids in the administrator's list of webhooks, and nothing else of it."""

from pathlib import Path

from waas_contract.webhooks import parse_webhook_ids


def read_webhook_ids(path: Path | None) -> frozenset[str]:
    """Return the ids in the list; without a file, none.

    Raises:
        ValueError: the file is not such a list; the text says where, without what it holds.
    """
    if path is None:
        return frozenset()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"WAAS_ALLOWED_WEBHOOKS_FILE: {path}: {error.strerror}") from error
    return parse_webhook_ids(content, str(path))
