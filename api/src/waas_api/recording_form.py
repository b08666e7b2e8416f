"""A recording in multipart/form-data, unpacked as it arrives, a chunk at a time.

The library is used by its parser alone: its own form would keep the recording on a disk first.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from waas_api.errors import Fault, InvalidRequest, NoRecording

FILE = "file"
"""The part that is the recording."""

_LONGEST_FIELDS = 256 * 1024


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    chunks: deque[bytes] = field(default_factory=deque)
    has_ended: bool = False

    def options(self) -> dict[bytes, bytes]:
        return parse_options_header(self.headers.get(b"content-disposition", b""))[1]

    @property
    def name(self) -> str:
        return self.options().get(b"name", b"").decode(errors="replace")


class RecordingForm:
    """First the fields of a form, then an iterator over the bytes of its recording."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise InvalidRequest(
                "The form has no boundary.",
                faults=[Fault("Content-Type", "multipart/form-data; boundary=…")],
            )
        self._body = body
        self._parts: deque[_Part] = deque()
        self._header = b""
        self._value = b""
        self._incoming = _Part()
        self._has_ended = False
        self._file: _Part | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_to_header,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._add_part,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )
        self.file_name: str | None = None
        """The recording's own name, once the fields are read."""

    async def read_fields(self) -> list[tuple[str, str]]:
        """Return what comes before the recording, or raise InvalidRequest or NoRecording."""
        fields: list[tuple[str, str]] = []
        size = 0
        while (part := await self._next_part()) is not None:
            if part.name == FILE:
                self._file = part
                self.file_name = _name_of(part)
                return fields
            value = b""
            while (chunk := await self._next_chunk(part)) is not None:
                value += chunk
                size += len(chunk)
                if size > _LONGEST_FIELDS:
                    raise InvalidRequest(
                        f"The form's fields are longer than {_LONGEST_FIELDS} bytes. "
                        f"Call the part with the recording {FILE!r}.",
                        faults=[Fault(part.name, f"at most {_LONGEST_FIELDS} bytes")],
                    )
            fields.append((part.name, value.decode(errors="replace")))
        raise NoRecording(
            f"The form has no part {FILE!r}.",
            faults=[Fault(FILE, "the recording, as the last part")],
        )

    def __aiter__(self) -> "RecordingForm":
        return self

    async def __anext__(self) -> bytes:
        assert self._file is not None
        while (chunk := await self._next_chunk(self._file)) is not None:
            if chunk:
                return chunk
        if (late := await self._next_part()) is not None:
            raise InvalidRequest(
                f"The field {late.name!r} comes after the recording: send every field before it.",
                faults=[Fault(late.name, f"before the part {FILE!r}")],
            )
        raise StopAsyncIteration

    async def _next_part(self) -> _Part | None:
        while not self._parts:
            if self._has_ended:
                return None
            await self._receive()
        return self._parts.popleft()

    async def _next_chunk(self, part: _Part) -> bytes | None:
        while not part.chunks:
            if part.has_ended:
                return None
            await self._receive()
        return part.chunks.popleft()

    async def _receive(self) -> None:
        chunk = await anext(self._body, b"")
        if not chunk:
            raise InvalidRequest("The form ends before its last boundary. Send it again.")
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidRequest(f"That is no multipart/form-data: {error}.") from error

    def _begin_part(self) -> None:
        self._incoming = _Part()

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._incoming.headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _add_part(self) -> None:
        self._parts.append(self._incoming)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._incoming.chunks.append(data[start:end])

    def _end_part(self) -> None:
        self._incoming.has_ended = True

    def _end(self) -> None:
        self._has_ended = True


def _name_of(part: _Part) -> str | None:
    name = part.options().get(b"filename", b"").decode(errors="replace")
    return name.rpartition("/")[2] or None
