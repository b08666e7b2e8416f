"""A recording in multipart/form-data as /v2 has it: every field first, then the recording."""

from collections.abc import AsyncIterator

from waas_api.errors import Fault, InvalidRequest, NoRecording
from waas_api.http.multipart_form import MultipartForm, find_boundary

FILE = "file"
"""The part that is the recording."""


class RecordingForm:
    """First the fields of a form, then the bytes of its recording."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        boundary = find_boundary(content_type)
        if boundary is None:
            raise InvalidRequest(
                "The form has no boundary.",
                faults=[Fault("Content-Type", "multipart/form-data; boundary=…")],
            )
        self._form = MultipartForm(boundary, body, file_field=FILE)

    @property
    def file_name(self) -> str | None:
        """The recording's own name, once the fields are read, without folders."""
        return (self._form.file_name or "").rpartition("/")[2] or None

    async def read_fields(self) -> list[tuple[str, str]]:
        """Return what comes before the recording, or raise InvalidRequest or NoRecording."""
        try:
            await self._form.find_file()
        except NoRecording as error:
            faults = [Fault(FILE, "the recording, as the last part")]
            raise NoRecording(str(error), faults=faults) from error
        return [(name, each) for name, values in self._form.fields.items() for each in values]

    async def recording(self) -> AsyncIterator[bytes]:
        """Give the recording, piece by piece, or raise InvalidRequest where a field follows it."""
        async for chunk in self._form.file():
            yield chunk
        known = {name: len(values) for name, values in self._form.fields.items()}
        await self._form.finish()
        for name, values in self._form.fields.items():
            if len(values) > known.get(name, 0):
                raise InvalidRequest(
                    f"The field {name!r} comes after the recording: send every field before it.",
                    faults=[Fault(name, f"before the part {FILE!r}")],
                )
