"""OPTIONS on the old service's routes: which parameters, or only which methods, they take.

Whoever asks is told: nothing here belongs to anybody.
"""

from fastapi import APIRouter, Request, Response

from waas_api.compat import render_json
from waas_api.dependencies import WiredServices
from waas_api.parameter_lists import (
    list_detection_parameters,
    list_download_parameters,
    list_transcription_parameters,
)
from waas_api.unserved import allowed_methods

router = APIRouter()


def _answer(parameters: dict[str, object]) -> Response:
    return Response(render_json(parameters), media_type="application/json")


@router.options("/v1/transcribe")
async def describe_transcription(services: WiredServices) -> Response:
    """List what a transcription may be asked for with."""
    settings = services.settings
    return _answer(list_transcription_parameters(settings.models, settings.default_model))


@router.options("/v1/detect")
async def describe_detection(services: WiredServices) -> Response:
    """List what a language may be asked for with."""
    settings = services.settings
    return _answer(list_detection_parameters(settings.models, settings.default_model))


@router.options("/v1/download/{job_id}")
async def describe_download(job_id: str) -> Response:  # noqa: ARG001 # any id has the same formats
    """List the formats."""
    return _answer(list_download_parameters())


@router.options("/v1/jobs/{job_id}")
@router.options("/v1/queue")
@router.options("/v1/stats")
async def describe_methods(request: Request) -> Response:
    """Say no more than what a path can be asked with."""
    return Response(headers={"Allow": allowed_methods(request)}, media_type="text/html")
