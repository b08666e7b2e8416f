"""GET /v2/jobs/<id>/preview and /v2/jobs/<id>/peaks: what a page plays and draws at once."""

import hashlib

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered_in, nothing, takes
from waas_api.document.errors import problems
from waas_api.document.headers import CONTENT_RANGE, DISPOSITION, RANGED, TAKES_CONDITIONS
from waas_api.errors import (
    JobNotFound,
    ObjectNotFound,
    PreconditionFailed,
    PreviewMissing,
    StorageUnavailable,
)
from waas_api.native.views import content_disposition
from waas_api.routes.representations import answer_stream
from waas_contract.object_keys import PREVIEW_FILE_NAME, peaks_key, preview_key
from waas_contract.preview import MEDIA_TYPE

router = APIRouter(tags=["results"])

_JSON = "application/json"
_SOUND: dict[str, object] = {MEDIA_TYPE: "\u001aE\u00df\u00a3"}
_PEAKS: dict[str, object] = {_JSON: {"durationSeconds": 0.4, "peaks": [2, 31, 78, 5]}}
_ENDINGS = (
    nothing(304, "It is as If-None-Match names it.", RANGED)
    | nothing(416, "The range lies behind the end.", CONTENT_RANGE)
    | problems(JobNotFound, PreviewMissing, PreconditionFailed, StorageUnavailable)
)


@router.head("/v2/jobs/{job_id}/preview", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}/preview",
    operation_id="getPreview",
    response_class=Response,
    responses=answered_in(_SOUND, headers=RANGED | DISPOSITION)
    | answered_in(_SOUND, status=206, description="A part.", headers=RANGED | CONTENT_RANGE)
    | _ENDINGS,
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_preview(job_id: str, request: Request, desk: CallersDesk) -> Response:
    """Return the recording's sound in a form that browsers play, or the range of it asked for."""
    job = await desk.find_job(job_id)
    key = preview_key(desk.tenant.namespace, job.metadata.name)
    return await _answer(request, desk, key, MEDIA_TYPE, PREVIEW_FILE_NAME)


@router.head("/v2/jobs/{job_id}/peaks", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}/peaks",
    operation_id="getPeaks",
    response_class=Response,
    responses=answered_in(_PEAKS, headers=RANGED | DISPOSITION)
    | answered_in(_PEAKS, status=206, description="A part.", headers=RANGED | CONTENT_RANGE)
    | _ENDINGS,
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_peaks(job_id: str, request: Request, desk: CallersDesk) -> Response:
    """Tell how loud the recording is over its length, as a waveform is drawn."""
    job = await desk.find_job(job_id)
    key = peaks_key(desk.tenant.namespace, job.metadata.name)
    return await _answer(request, desk, key, _JSON, "peaks.json")


async def _answer(
    request: Request, desk: Desk, key: str, media_type: str, file_name: str
) -> Response:
    storage = desk.services.object_storage
    try:
        found = await storage.look_at(key)
    except ObjectNotFound as error:
        raise PreviewMissing("The recording has no preview: play the recording itself.") from error
    return answer_stream(
        request,
        found.bytes,
        lambda first, length: storage.read_range(key, first, length),
        etag=hashlib.sha256(f"{key} {found.version}".encode()).hexdigest()[:32],
        media_type=media_type,
        headers={"Content-Disposition": content_disposition(file_name, "inline")},
    )
