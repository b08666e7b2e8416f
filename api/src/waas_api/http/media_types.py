"""Which of several media types an Accept header likes best: RFC 9110, section 12.5.1."""

from collections.abc import Sequence


def choose_media_type(accept: str, offered: Sequence[str]) -> str | None:
    """Return the best of the offered types, the earlier of equals; None if none is admitted."""
    if not accept.strip():
        return offered[0]
    ranges = [_parse(part) for part in accept.split(",") if part.strip()]
    best, best_quality = None, 0.0
    for each in offered:
        fitting = [
            (specificity, quality)
            for pattern, quality in ranges
            if (specificity := _specificity(pattern, each))
        ]
        quality = max(fitting)[1] if fitting else 0.0
        if quality > best_quality:
            best, best_quality = each, quality
    return best


def _parse(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return media_type, min(1.0, max(0.0, float(value)))
            except ValueError:
                return media_type, 0.0
    return media_type, 1.0


def _specificity(pattern: str, media_type: str) -> int:
    """Return how exactly a range names a type; 0 if it does not."""
    if pattern == media_type:
        return 3
    if pattern == f"{media_type.partition('/')[0]}/*":
        return 2
    return 1 if pattern == "*/*" else 0
