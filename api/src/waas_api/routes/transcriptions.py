"""POST /v1/transcribe and GET /v1/jobs/<id>."""

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_as
from waas_api.document.errors import texts
from waas_api.document.old_service import (
    CREATED_JOB,
    JOB,
    JOB_SCHEMA,
    TRANSCRIBE,
    UNDER_WAY_SCHEMA,
)
from waas_api.errors import (
    CreationUnknown,
    EnglishOnly,
    FormSent,
    InvalidRequest,
    JobNotFound,
    NoRecording,
    StorageFull,
    StorageUnavailable,
    TooManyUploads,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnknownWebhook,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.intake.transcription_request import parse_order, parse_recording
from waas_api.old_service.views import is_waiting, render_job, render_json
from waas_api.routes.incoming import first_values, open_body

router = APIRouter(tags=["drop-in for schibsted/WAAS"])


@router.post(
    "/v1/transcribe",
    status_code=201,
    operation_id="transcribeAsWaas",
    response_class=Response,
    responses=answered_as(UNDER_WAY_SCHEMA, CREATED_JOB, status=201, description="It is under way.")
    | texts(
        InvalidRequest,
        UnknownModel,
        UnknownLanguage,
        UnknownTask,
        EnglishOnly,
        NoRecording,
        FormSent,
        UnknownWebhook,
        UploadCutOff,
        UploadStalled,
        UploadTooLarge,
        TooManyUploads,
        StorageUnavailable,
        CreationUnknown,
        StorageFull,
    ),
    openapi_extra=TRANSCRIBE,
)
async def transcribe(request: Request, desk: CallersDesk) -> Response:
    """Take a recording as the raw body and answer with the id of its transcription."""
    settings = desk.settings
    query = first_values(request)
    recording = parse_recording(query, models=settings.models, default_model=settings.default_model)
    body = await open_body(request, settings)
    order = parse_order(
        recording,
        query,
        webhook_ids=desk.services.webhook_ids,
        callback_required=settings.callback_required,
    )
    job_id = await desk.accept(order, body)
    return Response(render_json({"job_id": job_id}), 201, media_type="application/json")


@router.api_route(
    "/v1/jobs/{job_id}",
    methods=["GET", "HEAD"],
    operation_id="getJobAsWaas",
    response_class=Response,
    responses=answered_as(JOB_SCHEMA, JOB) | texts(JobNotFound),
)
async def get_job(job_id: str, desk: CallersDesk) -> Response:
    """Tell how far a transcription is."""
    job = await desk.find_job(job_id)
    waiting = await desk.tenant.waiting_line.names(including=job_id if is_waiting(job) else None)
    return Response(
        render_json(render_job(job, waiting, desk.services.now())), media_type="application/json"
    )
