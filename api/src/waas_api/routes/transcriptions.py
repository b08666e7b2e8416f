"""POST /v1/transcribe and GET /v1/jobs/<id>."""

import re

from fastapi import APIRouter, Request, Response

from waas_api.compat import is_waiting, render_job, render_json
from waas_api.dependencies import Services, WiredServices
from waas_api.errors import InvalidRequest, JobNotFound
from waas_api.transcription_request import is_form, parse_delivery, parse_recording
from waas_api.upload_body import UploadBody, UploadLimits
from waas_contract.transcription_job import TranscriptionJob

router = APIRouter()

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@router.post("/v1/transcribe", status_code=201)
async def transcribe(request: Request, services: WiredServices) -> Response:
    """Take a recording as the raw body and answer with the id of its transcription."""
    settings = services.settings
    query = _first_values(request)
    recording = parse_recording(query, models=settings.models, default_model=settings.default_model)
    body = await _open_body(request, services)
    delivery = parse_delivery(query, webhook_ids=services.webhook_ids)
    job_id = await services.uploads.accept(recording, delivery, body)
    return Response(render_json({"job_id": job_id}), 201, media_type="application/json")


def _first_values(request: Request) -> dict[str, str]:
    """Return the query; of a name that comes twice, the first, as Flask did."""
    query = request.query_params
    return {name: query.getlist(name)[0] for name in query}


async def _open_body(request: Request, services: Services) -> UploadBody:
    """Return the body once its first byte is there; storage is not troubled before that."""
    if is_form(request.headers.get("content-type", "")):
        raise InvalidRequest("No file uploaded")
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
        raise InvalidRequest("No file uploaded")
    return body


async def find_job(name: str, services: Services) -> TranscriptionJob:
    """Return a job by an id that a client sent; what cannot be a name is not asked for."""
    if not _NAME.fullmatch(name):
        raise JobNotFound("No such job")
    return await services.transcription_jobs.get(name)


@router.api_route("/v1/jobs/{job_id}", methods=["GET", "HEAD"])
async def get_job(job_id: str, services: WiredServices) -> Response:
    """Tell how far a transcription is."""
    job = await find_job(job_id, services)
    waiting = await services.waiting_line.names(including=job_id if is_waiting(job) else None)
    return Response(
        render_json(render_job(job, waiting, services.now())), media_type="application/json"
    )
