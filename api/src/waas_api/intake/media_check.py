"""Tells by the first bytes what is plainly no recording; the rest may be one: formats are many."""

HEAD_BYTES = 512
"""How much of a body is looked at."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed archive"),
    (b"Rar!\x1a\x07", "a compressed archive"),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"\x7fELF", "a program"),
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT_CONTROLS = frozenset("\t\n\r\f")


def explain_not_media(head: bytes) -> str | None:
    """Return what begins with these bytes where that is no recording, else None."""
    for beginning, what in _BEGINNINGS:
        if head.startswith(beginning):
            return what
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a picture"
    return _explain_text(head[:HEAD_BYTES])


def _explain_text(head: bytes) -> str | None:
    head = head.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The last character may have been cut in two.
        if error.reason != "unexpected end of data":
            return None
        text = head[: error.start].decode()
    if not all(each.isprintable() or each in _TEXT_CONTROLS for each in text):
        return None
    first = text.lstrip()[:1]
    if first == "<":
        return "a page or another text with tags"
    if first in ("{", "["):
        return "JSON"
    # A word alone is little to go by.
    return "a text" if len(text.split()) > 1 else None
