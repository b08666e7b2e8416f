"""A form with a recording in it, read as it arrives; the only code that knows python-multipart.

The framework's own forms put whole files on the disk before a route is called, and before anybody
has asked who sends them. Here a recording goes on piece by piece, and only the fields beside it
are held, which are short.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from waas_api.errors import Fault, MalformedForm, NoRecording

_MOST_FIELDS = 100
_LARGEST_FIELD_BYTES = 64 * 1024


def find_boundary(content_type: str) -> bytes | None:
    """Return what parts the fields of such a body, or None where it is no form with files."""
    media_type, parameters = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        return None
    return parameters.get(b"boundary") or None


@dataclass(frozen=True)
class _PartBegins:
    name: str
    file_name: str | None


@dataclass(frozen=True)
class _PartEnds:
    pass


class MultipartForm:
    """The fields of a form and its one file, whichever comes first."""

    def __init__(self, boundary: bytes, body: AsyncIterator[bytes], *, file_field: str) -> None:
        self.fields: dict[str, list[str]] = {}
        """The fields that have come so far, by name."""

        self.file_name: str | None = None
        self._body = body
        self._file_field = file_field
        self._has_file = False
        self._events: deque[_PartBegins | _PartEnds | bytes] = deque()
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._is_complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": lambda: self._events.append(_PartEnds()),
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise MalformedForm(f"The form cannot be read: {error}.") from error

    async def find_file(self) -> None:
        """Read the fields before the file, or raise NoRecording where there is none."""
        await self._read_fields()
        if not self._has_file:
            raise NoRecording(f"The form has no field `{self._file_field}` with a recording.")

    async def file(self) -> AsyncIterator[bytes]:
        """Give the file that was found, piece by piece, or raise NoRecording if it is empty."""
        is_empty = True
        while not isinstance(event := await self._next_event(), _PartEnds):
            assert isinstance(event, bytes)
            is_empty = False
            yield event
        if is_empty:
            raise NoRecording("The recording is empty.")

    async def finish(self) -> None:
        """Read the fields after the file, to the form's end."""
        await self._read_fields()

    async def _read_fields(self) -> None:
        """Read on to the beginning of the file, or to the end."""
        while (event := await self._next_event()) is not None:
            assert isinstance(event, _PartBegins)
            if event.name == self._file_field:
                if self._has_file:
                    raise MalformedForm(f"Send one file as `{self._file_field}`, not several.")
                self._has_file = True
                self.file_name = event.file_name
                return
            await self._read_field(event.name)

    async def _read_field(self, name: str) -> None:
        if sum(map(len, self.fields.values())) >= _MOST_FIELDS:
            raise MalformedForm(f"The form has more than {_MOST_FIELDS} fields.")
        value = bytearray()
        while not isinstance(event := await self._next_event(), _PartEnds):
            assert isinstance(event, bytes)
            value += event
            if len(value) > _LARGEST_FIELD_BYTES:
                raise MalformedForm(
                    f"The field `{name}` is longer than {_LARGEST_FIELD_BYTES} bytes. Send the "
                    f"recording as the field `{self._file_field}`.",
                    faults=[Fault(name, f"at most {_LARGEST_FIELD_BYTES} bytes")],
                )
        self.fields.setdefault(name, []).append(value.decode("utf-8", "replace"))

    async def _next_event(self) -> _PartBegins | _PartEnds | bytes | None:
        """Return what comes next, or None at the form's end; nothing after that is read."""
        while not self._events:
            chunk = None if self._is_complete else await anext(self._body, None)
            if chunk is None:
                if self._is_complete:
                    return None
                raise MalformedForm("The form breaks off: its last boundary is missing.")
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise MalformedForm(f"The form cannot be read: {error}.") from error
        return self._events.popleft()

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        disposition, parameters = parse_options_header(self._headers.get(b"content-disposition"))
        if disposition != b"form-data" or b"name" not in parameters:
            raise MalformedForm("A part of the form does not say which field it is.")
        file_name = parameters.get(b"filename")
        self._events.append(
            _PartBegins(
                parameters[b"name"].decode("utf-8", "replace"),
                None if file_name is None else file_name.decode("utf-8", "replace"),
            )
        )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _on_end(self) -> None:
        self._is_complete = True
