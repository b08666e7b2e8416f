"""POST /v1/detect: which language is spoken."""

import asyncio

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_as
from waas_api.document.errors import texts
from waas_api.document.old_service import DETECT, LANGUAGE, LANGUAGE_SCHEMA
from waas_api.errors import (
    CreationUnknown,
    DetectionFailed,
    DetectionTimedOut,
    EnglishOnly,
    FormSent,
    NoRecording,
    RecordingUnreadable,
    StorageFull,
    StorageUnavailable,
    TooManyUploads,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.intake.recording_head import RecordingHead
from waas_api.intake.transcription_request import Order, parse_detection
from waas_api.jobs.detection import request_detection
from waas_api.old_service.views import render_json
from waas_api.routes.incoming import first_values, open_body
from waas_contract.languages import LANGUAGE_NAMES

router = APIRouter(tags=["drop-in for schibsted/WAAS"])


@router.post(
    "/v1/detect",
    operation_id="detectAsWaas",
    response_class=Response,
    responses=answered_as(LANGUAGE_SCHEMA, LANGUAGE)
    | texts(
        UnknownModel,
        UnknownLanguage,
        UnknownTask,
        EnglishOnly,
        NoRecording,
        FormSent,
        RecordingUnreadable,
        UploadCutOff,
        UploadStalled,
        UploadTooLarge,
        DetectionFailed,
        TooManyUploads,
        StorageUnavailable,
        CreationUnknown,
        DetectionTimedOut,
        StorageFull,
    ),
    openapi_extra=DETECT,
)
async def detect(request: Request, desk: CallersDesk) -> Response:
    """Take a recording as the raw body and answer with its language, once that is heard."""
    settings = desk.settings
    model = parse_detection(
        first_values(request), models=settings.models, default_model=settings.default_model
    )
    head = RecordingHead(await open_body(request, settings))
    order = Order(request_detection(model, longest_seconds=settings.longest_detection_seconds))
    jobs, detections = desk.tenant.transcription_jobs, desk.services.detections
    name = await desk.accept(order, head)
    listening = asyncio.create_task(detections.find_language(jobs, name))
    try:
        await head.skip_rest()
        language = await _unless_client_leaves(request, listening)
    finally:
        detections.remove(jobs, name)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    answer = {
        "detectedLanguage": LANGUAGE_NAMES.get(language, language),
        "languageCode": language,
    }
    return Response(render_json(answer), media_type="application/json")


async def _unless_client_leaves(request: Request, work: asyncio.Task[str]) -> str:
    """Return what comes of some work, or raise UploadCutOff once nobody waits for it."""
    leaving = asyncio.ensure_future(_wait_for_leaving(request))
    try:
        await asyncio.wait([work, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
    if not work.done():
        raise UploadCutOff("The client left before the language was known.")
    return work.result()


async def _wait_for_leaving(request: Request) -> None:
    """Return once the connection has ended; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
