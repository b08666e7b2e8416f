"""What the headers of a request ask of a representation: RFC 9110, sections 8.8, 13 and 14."""

import re
from dataclasses import dataclass

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """A part of a representation."""

    first: int
    length: int

    def content_range(self, size: int) -> str:
        """Return the header that says which part it is."""
        return f"bytes {self.first}-{self.first + self.length - 1}/{size}"


class Unsatisfiable(Exception):
    """The range lies behind the end."""


def _tags(header: str) -> list[tuple[bool, str]]:
    """Return the tags of a list, each with whether it is weak."""
    return [(weak is not None and weak != "", tag) for weak, tag in _TAG.findall(header)]


def matches_strongly(header: str, etag: str) -> bool:
    """Tell whether If-Match admits a strong tag, given without its quotes; None is no tag."""
    return header.strip() == "*" or (False, etag) in _tags(header)


def matches_weakly(header: str, etag: str) -> bool:
    """Tell whether If-None-Match names a tag, given without its quotes."""
    return header.strip() == "*" or etag in [tag for _, tag in _tags(header)]


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the part that Range asks for; None for the whole.

    Whatever is not one range of bytes is answered with the whole, as section 14.2 allows.

    Raises:
        Unsatisfiable: there is no such part.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or not any(found.groups()):
        return None
    first_text, last_text = found.groups()
    if not first_text:
        length = min(int(last_text), size)
        if not length:
            raise Unsatisfiable
        return ByteRange(size - length, length)
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text else size - 1
    if last_text and int(last_text) < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return ByteRange(first, last - first + 1)
