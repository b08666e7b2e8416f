"""What several routes read from a request, in one way."""

import re

from fastapi import Request

from waas_api.dependencies import Services
from waas_api.errors import FormSent, JobNotFound, NoRecording
from waas_api.transcription_request import is_form
from waas_api.upload_body import UploadBody, UploadLimits
from waas_contract.transcription_job import TranscriptionJob

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def first_values(request: Request) -> dict[str, str]:
    """Return the query; of a name that comes twice, the first, as Flask did."""
    query = request.query_params
    return {name: query.getlist(name)[0] for name in query}


async def open_body(request: Request, services: Services) -> UploadBody:
    """Return the body once its first byte is there; storage is not troubled before that."""
    if is_form(request.headers.get("content-type", "")):
        raise FormSent("No file uploaded")
    settings = services.settings
    announced = request.headers.get("content-length", "")
    body = UploadBody(
        request.stream(),
        announced_bytes=int(announced) if announced.isdecimal() else None,
        limits=UploadLimits(
            largest_bytes=settings.largest_upload_bytes,
            longest_idle_seconds=settings.longest_upload_idle_seconds,
            longest_seconds=settings.longest_upload_seconds,
        ),
    )
    if await body.is_empty():
        raise NoRecording("No file uploaded")
    return body


async def find_job(name: str, services: Services) -> TranscriptionJob:
    """Return a job by an id that a client sent; what cannot be a name is not asked for."""
    if not _NAME.fullmatch(name):
        raise JobNotFound("No such job")
    return await services.transcription_jobs.get(name)
