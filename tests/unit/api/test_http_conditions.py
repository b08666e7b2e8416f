"""Entity tags, ranges and media types, as RFC 9110 has them."""

import pytest

from waas_api.http.conditions import (
    ByteRange,
    Unsatisfiable,
    matches_strongly,
    matches_weakly,
    parse_range,
)
from waas_api.http.media_types import choose_media_type


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=90-", ByteRange(90, 10)),
        ("bytes=90-500", ByteRange(90, 10)),
        ("bytes=-10", ByteRange(90, 10)),
        ("bytes=-500", ByteRange(0, 100)),
        ("Bytes = 5 - 5", ByteRange(5, 1)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_is_a_part_or_the_whole(header: str | None, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 9), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_is_none(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        ('"a"', True, True),
        ('"b", "a"', True, True),
        ('W/"a"', False, True),
        ("*", True, True),
        ('"b"', False, False),
        ("a", False, False),
        ("", False, False),
    ],
)
def test_tags_match(header: str, strong: bool, weak: bool) -> None:
    assert (matches_strongly(header, "a"), matches_weakly(header, "a")) == (strong, weak)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/vtt", "text/vtt"),
        ("text/*", "text/vtt"),
        ("text/plain;q=0.5, text/vtt;q=0.4", "text/plain"),
        ("text/*;q=0.9, text/vtt;q=0.1", "text/plain"),
        ("application/json;q=0, */*", "text/vtt"),
        ("TEXT/VTT; charset=utf-8", "text/vtt"),
        ("image/png", None),
        ("text/vtt;q=0", None),
        ("text/vtt;q=high", None),
    ],
)
def test_the_best_media_type_is_chosen(accept: str, expected: str | None) -> None:
    assert choose_media_type(accept, ("application/json", "text/vtt", "text/plain")) == expected
