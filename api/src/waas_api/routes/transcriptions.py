"""POST /v1/transcribe and GET /v1/jobs/<id>."""

from fastapi import APIRouter, Request, Response

from waas_api.compat import is_waiting, render_job, render_json
from waas_api.dependencies import WiredServices
from waas_api.routes.incoming import find_job, first_values, open_body
from waas_api.transcription_request import parse_delivery, parse_recording

router = APIRouter()


@router.post("/v1/transcribe", status_code=201)
async def transcribe(request: Request, services: WiredServices) -> Response:
    """Take a recording as the raw body and answer with the id of its transcription."""
    settings = services.settings
    query = first_values(request)
    recording = parse_recording(query, models=settings.models, default_model=settings.default_model)
    body = await open_body(request, services)
    delivery = parse_delivery(query, webhook_ids=services.webhook_ids)
    job_id = await services.uploads.accept(recording, delivery, body)
    return Response(render_json({"job_id": job_id}), 201, media_type="application/json")


@router.api_route("/v1/jobs/{job_id}", methods=["GET", "HEAD"])
async def get_job(job_id: str, services: WiredServices) -> Response:
    """Tell how far a transcription is."""
    job = await find_job(job_id, services)
    waiting = await services.waiting_line.names(including=job_id if is_waiting(job) else None)
    return Response(
        render_json(render_job(job, waiting, services.now())), media_type="application/json"
    )
