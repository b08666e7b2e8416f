"""What several routes read from a request, in one way."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel

from waas_api.dependencies import Desk
from waas_api.errors import FormSent, NoRecording, NotAForm, NotARecording, UploadTooLarge
from waas_api.http.json_bodies import parse_short_body
from waas_api.http.multipart_form import MultipartForm, find_boundary
from waas_api.http.upload_body import UploadBody, UploadLimits
from waas_api.intake.media_check import HEAD_BYTES, explain_not_media
from waas_api.intake.transcription_request import is_form
from waas_api.native.request import Choices
from waas_api.settings import Settings

_LARGEST_SHORT_BYTES = 256 * 1024
_Body = TypeVar("_Body", bound=BaseModel)


def first_values(request: Request) -> dict[str, str]:
    """Return the query; of a name that comes twice, the first, as Flask did."""
    query = request.query_params
    return {name: query.getlist(name)[0] for name in query}


def bound_body(
    request: Request, settings: Settings, *, largest_bytes: int | None = None
) -> UploadBody:
    """Return the body, held to its length and to its time."""
    announced = request.headers.get("content-length", "")
    return UploadBody(
        request.stream(),
        announced_bytes=int(announced) if announced.isdecimal() else None,
        limits=UploadLimits(
            largest_bytes=largest_bytes or settings.largest_upload_bytes,
            longest_idle_seconds=settings.longest_upload_idle_seconds,
            longest_seconds=settings.longest_upload_seconds,
        ),
    )


async def open_body(request: Request, settings: Settings) -> UploadBody:
    """Return the body once its first byte is there; storage is not troubled before that."""
    if is_form(request.headers.get("content-type", "")):
        raise FormSent("No file uploaded")
    body = bound_body(request, settings)
    if await body.is_empty():
        raise NoRecording("No file uploaded")
    return body


def open_form(request: Request, settings: Settings) -> MultipartForm:
    """Return the form that a request brings, of which nothing has been read yet."""
    boundary = find_boundary(request.headers.get("content-type", ""))
    if boundary is None:
        raise NotAForm("Send the recording as the field `file` of a form (multipart/form-data).")
    return MultipartForm(boundary, bound_body(request, settings), file_field="file")


def choices_of(desk: Desk) -> Choices:
    """Return what the administrator lets clients choose from."""
    settings = desk.settings
    return Choices(settings.models, settings.default_model, desk.services.webhook_ids)


async def check_media(body: UploadBody) -> None:
    """Raise NotARecording where a body is plainly something else."""
    what = explain_not_media(await body.peek(HEAD_BYTES))
    if what is not None:
        raise NotARecording(f"That is {what}, not a recording. Send sound or video.")


async def read_short_body(request: Request, settings: Settings, model: type[_Body]) -> _Body:
    """Return what a body of a few fields says; without one, the model's defaults."""
    content = await read_json_body(request, settings, largest_bytes=_LARGEST_SHORT_BYTES)
    return parse_short_body(model, content or b"{}")


async def read_json_body(
    request: Request, settings: Settings, *, largest_bytes: int | None = None
) -> bytes:
    """Return a body that is kept in memory, held to its length and to its time."""
    largest = largest_bytes or settings.largest_transcript_bytes
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
