"""Brings the nulls of examples past the framework, which leaves out every null of a document."""

from typing import Any

_NULL = "\0null"


def hide_nulls(part: Any) -> Any:
    """Return an example with something in the places of its nulls."""
    return _replace(part, None, _NULL)


def restore_nulls(part: Any) -> Any:
    """Return a document with the nulls in their places again."""
    return _replace(part, _NULL, None)


def _replace(part: Any, old: object, new: object) -> Any:
    if isinstance(part, dict):
        return {name: _replace(each, old, new) for name, each in part.items()}
    if isinstance(part, list | tuple):
        return [_replace(each, old, new) for each in part]
    return new if part == old else part
