"""Forms as they arrive, in pieces of any size."""

import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from support.api_builders import chunked
from waas_api.errors import MalformedForm, NoRecording
from waas_api.http.multipart_form import MultipartForm, find_boundary

BOUNDARY = "limit"
SOUND = bytes(range(256)) * 3 + b"\r\n--limi\r\n--"


def field(name: str, value: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'
    return f"--{BOUNDARY}\r\n{disposition}\r\n\r\n{value}\r\n".encode()


def recording(content: bytes = SOUND, file_name: str = "a.mp3") -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
        "Content-Type: audio/mpeg\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Read:
    """What was read of a form."""

    content: bytes
    early: dict[str, list[str]]
    fields: dict[str, list[str]]
    file_name: str | None


async def read(body: bytes, piece: int = 1000) -> Read:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    form = MultipartForm(BOUNDARY.encode(), pieces(), file_field="file")
    await form.find_file()
    early = dict(form.fields)
    content = b"".join([chunk async for chunk in form.file()])
    await form.finish()
    return Read(content, early, form.fields, form.file_name)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 10_000])
async def test_fields_come_before_and_after_the_file(piece: int) -> None:
    body = (
        field("model", "tiny")
        + recording(file_name="Blåbær.mp3")
        + field("include[]", "a")
        + field("include[]", "b")
        + END
    )

    found = await read(body, piece)

    assert found == Read(
        SOUND,
        early={"model": ["tiny"]},
        fields={"model": ["tiny"], "include[]": ["a", "b"]},
        file_name="Blåbær.mp3",
    )


async def test_what_follows_the_end_is_not_read() -> None:
    assert (await read(recording() + END + b"epilogue", 7)).content == SOUND


@pytest.mark.parametrize(
    ("sentence", "body", "error", "message"),
    [
        ("no file", field("model", "tiny") + END, NoRecording, "no field `file`"),
        ("an empty file", recording(b"") + END, NoRecording, "is empty"),
        ("nothing at all", b"", MalformedForm, "breaks off"),
        ("an end in a file", recording()[:-40], MalformedForm, "breaks off"),
        ("an end after a file", recording(), MalformedForm, "breaks off"),
        ("two files", recording() + recording() + END, MalformedForm, "not several"),
        ("no form", b"sound" * 100, MalformedForm, "cannot be read"),
        ("a nameless part", b"--limit\r\nA: b\r\n\r\nx\r\n" + END, MalformedForm, "which field"),
        ("a long field", field("a", "x" * 70_000) + END, MalformedForm, "longer than 65536"),
        ("many fields", field("a", "x") * 101 + END, MalformedForm, "more than 100"),
        ("long headers", b"--limit\r\nA: " + b"b" * 100_000, MalformedForm, "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_such_form_is_refused(
    sentence: str,  # noqa: ARG001
    body: bytes,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        await read(body)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=limit", b"limit"),
        ('Multipart/Form-Data; charset=utf-8; boundary="li mit"', b"li mit"),
        ("multipart/form-data", None),
        ("application/x-www-form-urlencoded", None),
        ("audio/mpeg", None),
        ("", None),
    ],
)
def test_the_boundary_is_in_the_content_type(content_type: str, boundary: bytes | None) -> None:
    assert find_boundary(content_type) == boundary


async def test_a_boundary_that_is_too_long_is_refused() -> None:
    with pytest.raises(MalformedForm):
        MultipartForm(b"x" * 10_000, chunked(), file_field="file")


async def test_a_recording_is_not_held_on_its_way() -> None:
    piece, pieces = bytes(64 * 1024), 500

    async def long_body() -> AsyncIterator[bytes]:
        yield recording(b"")[:-2]
        for _ in range(pieces):
            yield piece
        yield b"\r\n" + END

    form = MultipartForm(BOUNDARY.encode(), long_body(), file_field="file")
    await form.find_file()
    tracemalloc.start()
    try:
        size = 0
        async for chunk in form.file():
            size += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size == pieces * len(piece)
    assert peak < 16 * len(piece)
