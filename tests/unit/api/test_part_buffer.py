"""What arrives is cut into parts of one size, whatever the pieces are in which it comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waas_api.storage.part_buffer import PartBuffer

SIZE = 5

CASES = [
    ("nothing", [], []),
    ("less than a part", [b"abc"], [b"abc"]),
    ("a part exactly", [b"abcde"], [b"abcde"]),
    ("a part in pieces", [b"ab", b"cde"], [b"abcde"]),
    ("a piece over the border of two parts", [b"abc", b"defg"], [b"abcde", b"fg"]),
    ("a piece of several parts", [b"abcdefghijkl"], [b"abcde", b"fghij", b"kl"]),
    ("empty pieces", [b"", b"abcd", b"", b"e"], [b"abcde"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "parts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_arrives_is_cut_into_parts(pieces: list[bytes], parts: list[bytes]) -> None:
    buffer = PartBuffer(SIZE)
    cut = []
    for piece in pieces:
        buffer.add(piece)
        while buffer.has_part:
            cut.append(b"".join(buffer.take_part()))

    assert [*cut, *([buffer.rest()] if buffer.length else [])] == parts


def test_a_part_is_not_copied_where_a_piece_fits() -> None:
    buffer = PartBuffer(SIZE)
    pieces = (b"ab", b"cde")
    for piece in pieces:
        buffer.add(piece)

    assert all(a is b for a, b in zip(buffer.take_part(), pieces, strict=True))


@given(st.binary(max_size=12), st.lists(st.binary(max_size=12)))
def test_no_byte_is_lost_or_moved(rest: bytes, pieces: list[bytes]) -> None:
    buffer = PartBuffer(SIZE, rest)
    taken = []
    for piece in pieces:
        buffer.add(piece)
        while buffer.has_part:
            taken.append(b"".join(buffer.take_part()))

    assert all(len(part) == SIZE for part in taken)
    assert b"".join(taken) + buffer.rest() == rest + b"".join(pieces)
    assert len(buffer.rest()) == buffer.length
