"""Which recordings can be played without their end."""

import pytest

from support.api_builders import chunked
from waas_api.intake.recording_head import RecordingHead, is_readable_from_start


@pytest.mark.parametrize(
    ("first_bytes", "expected"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt ", True),
        (b"RIFF\x24\0\0\0AVI LIST", False),
        (b"ID3\x04", True),
        (b"\xff\xfb\x90\x64", True),
        (b"\xff\xf1\x50\x80", True),
        (b"\xff\x00", False),
        (b"\xff", False),
        (b"fLaC\0\0\0\x22", True),
        (b"OggS\0\x02", True),
        (b"\x1aE\xdf\xa3\x9f", True),
        (b"#!AMR\n", True),
        (b"\0\0\0\x20ftypisom", False),
        (b"\0\0\0\x14ftypqt  ", False),
        (b"", False),
        (b"Dear desk", False),
    ],
)
def test_a_signature_says_so(first_bytes: bytes, expected: bool) -> None:
    assert is_readable_from_start(first_bytes) is expected


@pytest.mark.parametrize(
    ("sentence", "chunks", "stored", "left"),
    [
        ("shorter than the beginning", (b"fLaC", b"123"), b"fLaC123", b""),
        ("a signature in pieces", (b"f", b"La", b"C1234", b"rest"), b"fLaC1234", b"rest"),
        ("of no known kind", (b"abcd", b"12345", b"rest"), b"abcd12345rest", b""),
    ],
)
async def test_it_ends_where_the_rest_is_not_needed(
    sentence: str, chunks: tuple[bytes, ...], stored: bytes, left: bytes
) -> None:
    body = chunked(*chunks)

    head = b"".join([chunk async for chunk in RecordingHead(body, head_bytes=8)])

    assert head == stored, sentence
    assert b"".join([chunk async for chunk in body]) == left
