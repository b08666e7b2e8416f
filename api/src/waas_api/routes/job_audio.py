"""GET /v2/jobs/<id>/audio."""

import hashlib

from fastapi import APIRouter, Request, Response

from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_in, nothing, takes
from waas_api.document.errors import problems
from waas_api.document.headers import CONTENT_RANGE, DISPOSITION, RANGED, TAKES_CONDITIONS
from waas_api.errors import (
    AudioMissing,
    JobNotFound,
    ObjectNotFound,
    PreconditionFailed,
    StorageUnavailable,
)
from waas_api.native.views import content_disposition
from waas_api.routes.representations import answer_stream
from waas_api.transcripts.recordings import find_audio_key, media_type_of

router = APIRouter(tags=["results"])

_EXAMPLES: dict[str, object] = dict.fromkeys(
    ("audio/*", "video/*", "application/octet-stream"), "fLaC\u0000\u0000\u0000\u0022"
)


@router.head("/v2/jobs/{job_id}/audio", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}/audio",
    operation_id="getAudio",
    response_class=Response,
    responses=answered_in(_EXAMPLES, headers=RANGED | DISPOSITION)
    | answered_in(_EXAMPLES, status=206, description="A part.", headers=RANGED | CONTENT_RANGE)
    | nothing(304, "It is as If-None-Match names it.", RANGED)
    | nothing(416, "The range lies behind the end.", CONTENT_RANGE)
    | problems(JobNotFound, AudioMissing, PreconditionFailed, StorageUnavailable),
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_audio(job_id: str, request: Request, desk: CallersDesk) -> Response:
    """Return the recording, or the range of it that a player asks for."""
    job = await desk.find_job(job_id)
    key = find_audio_key(job)
    storage = desk.services.object_storage
    try:
        found = await storage.look_at(key)
    except ObjectNotFound as error:
        raise AudioMissing("The recording is not in object storage any more.") from error
    name = job.spec.source.file_name or "audio.bin"
    return answer_stream(
        request,
        found.bytes,
        lambda first, length: storage.read_range(key, first, length),
        etag=hashlib.sha256(f"{key} {found.version}".encode()).hexdigest()[:32],
        media_type=media_type_of(job),
        headers={"Content-Disposition": content_disposition(name, "inline")},
    )
