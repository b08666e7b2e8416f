"""OPTIONS on the old service's routes: which parameters, or only which methods, they take.

Whoever asks is told: nothing here belongs to anybody.
"""

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import WiredServices
from waas_api.document.bodies import answered_as, nothing
from waas_api.document.headers import ALLOW
from waas_api.document.old_service import PARAMETERS_SCHEMA
from waas_api.http.unserved import allowed_methods
from waas_api.old_service.parameter_lists import (
    list_detection_parameters,
    list_download_parameters,
    list_transcription_parameters,
)
from waas_api.old_service.views import render_json

router = APIRouter(
    tags=["drop-in for schibsted/WAAS"],
    default_response_class=Response,
)

_MODEL = {"type": "enum", "options": ["tiny"], "optional": True, "default": "tiny"}
_LISTED = answered_as(PARAMETERS_SCHEMA, {"queryParams": {"model": _MODEL}})
_METHODS = nothing(200, "The header says it.", ALLOW)


def _answer(parameters: dict[str, object]) -> Response:
    return Response(render_json(parameters), media_type="application/json")


@router.options("/v1/transcribe", operation_id="describeTranscription", responses=_LISTED)
async def describe_transcription(services: WiredServices) -> Response:
    """List what a transcription may be asked for with."""
    settings = services.settings
    return _answer(list_transcription_parameters(settings.models, settings.default_model))


@router.options("/v1/detect", operation_id="describeDetection", responses=_LISTED)
async def describe_detection(services: WiredServices) -> Response:
    """List what a language may be asked for with."""
    settings = services.settings
    return _answer(list_detection_parameters(settings.models, settings.default_model))


@router.options("/v1/download/{job_id}", operation_id="describeDownload", responses=_LISTED)
async def describe_download(job_id: str) -> Response:  # noqa: ARG001 # any id has the same formats
    """List the formats."""
    return _answer(list_download_parameters())


@router.options("/v1/jobs/{job_id}", operation_id="describeJob", responses=_METHODS)
@router.options("/v1/queue", operation_id="describeQueue", responses=_METHODS)
@router.options("/v1/stats", operation_id="describeStats", responses=_METHODS)
async def describe_methods(request: Request) -> Response:
    """Say no more than what a path can be asked with."""
    return Response(headers={"Allow": allowed_methods(request)}, media_type="text/html")
