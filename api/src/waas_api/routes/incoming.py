"""What several routes read from a request, in one way."""

from fastapi import Request

from waas_api.errors import FormSent, NoRecording, NotAForm, UploadTooLarge
from waas_api.multipart_form import MultipartForm, find_boundary
from waas_api.settings import Settings
from waas_api.transcription_request import is_form
from waas_api.upload_body import UploadBody, UploadLimits


def first_values(request: Request) -> dict[str, str]:
    """Return the query; of a name that comes twice, the first, as Flask did."""
    query = request.query_params
    return {name: query.getlist(name)[0] for name in query}


async def open_body(request: Request, settings: Settings) -> UploadBody:
    """Return the body once its first byte is there; storage is not troubled before that."""
    if is_form(request.headers.get("content-type", "")):
        raise FormSent("No file uploaded")
    body = _limit_body(request, settings)
    if await body.is_empty():
        raise NoRecording("No file uploaded")
    return body


def open_form(request: Request, settings: Settings) -> MultipartForm:
    """Return the form that a request brings, of which nothing has been read yet."""
    boundary = find_boundary(request.headers.get("content-type", ""))
    if boundary is None:
        raise NotAForm("Send the recording as the field `file` of a form (multipart/form-data).")
    return MultipartForm(boundary, _limit_body(request, settings), file_field="file")


def _limit_body(request: Request, settings: Settings) -> UploadBody:
    announced = request.headers.get("content-length", "")
    return UploadBody(
        request.stream(),
        announced_bytes=int(announced) if announced.isdecimal() else None,
        limits=UploadLimits(
            largest_bytes=settings.largest_upload_bytes,
            longest_idle_seconds=settings.longest_upload_idle_seconds,
            longest_seconds=settings.longest_upload_seconds,
        ),
    )


async def read_json_body(request: Request, settings: Settings) -> bytes:
    """Return a body that is kept in memory, held to the size of a transcript and to its time."""
    largest = settings.largest_transcript_bytes
    limits = UploadLimits(
        largest_bytes=largest,
        longest_idle_seconds=settings.longest_upload_idle_seconds,
        longest_seconds=settings.longest_upload_seconds,
    )
    body = UploadBody(request.stream(), announced_bytes=None, limits=limits)
    try:
        return b"".join([chunk async for chunk in body])
    except UploadTooLarge as error:
        raise UploadTooLarge(f"This body may have at most {largest} bytes.") from error
