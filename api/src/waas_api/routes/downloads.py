"""GET /v1/download/<id>."""

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_in, takes
from waas_api.document.errors import texts
from waas_api.document.examples import CAPTIONS, SUBTITLES
from waas_api.document.headers import DISPOSITION
from waas_api.document.old_service import TAKES_OUTPUT, TRANSCRIPT
from waas_api.errors import (
    JobCancelled,
    JobFailed,
    JobNotDone,
    JobNotFound,
    ObjectTooLarge,
    StorageUnavailable,
    TranscriptMissing,
    UnsupportedOutput,
)
from waas_api.http.download_names import sanitize_name
from waas_api.old_service.downloads import DEFAULT_OUTPUT, DOWNLOADS
from waas_api.old_service.views import file_name_of
from waas_api.routes.incoming import first_values
from waas_api.transcripts.finding import check_is_done, read_transcript
from waas_contract.transcript import Transcript

router = APIRouter(tags=["drop-in for schibsted/WAAS"])

_EXAMPLES: dict[str, object] = {
    "text/plain": SUBTITLES,
    "text/vtt": CAPTIONS,
    "application/json": TRANSCRIPT,
    "text/tab-separated-values": "start\tend\ttext\n0\t3920\tHei på deg.\n",
}


@router.api_route(
    "/v1/download/{job_id}",
    methods=["GET", "HEAD"],
    operation_id="downloadAsWaas",
    response_class=Response,
    responses=answered_in(_EXAMPLES, headers=DISPOSITION)
    | texts(
        JobNotFound,
        JobCancelled,
        UnsupportedOutput,
        JobNotDone,
        JobFailed,
        TranscriptMissing,
        ObjectTooLarge,
        StorageUnavailable,
    ),
    openapi_extra=takes(TAKES_OUTPUT),
)
async def download(job_id: str, request: Request, desk: CallersDesk) -> Response:
    """Return a finished transcript in one of the formats."""
    output = first_values(request).get("output", DEFAULT_OUTPUT)
    job = await desk.find_job(job_id)
    check_is_done(job)
    if output not in DOWNLOADS:
        raise UnsupportedOutput("Output not supported")
    form = DOWNLOADS[output]
    largest = desk.settings.largest_transcript_bytes
    data = await read_transcript(job, desk.services.object_storage, largest_bytes=largest)
    name = sanitize_name(file_name_of(job))

    def render() -> bytes:
        transcript = Transcript.model_validate_json(data)
        return form.render(transcript, name, desk.services.new_id).encode()

    # Hours of speech take a noticeable time, in which others want answers.
    content = await anyio.to_thread.run_sync(render)
    headers = {}
    if form.extension is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form.extension}"'
    return Response(content, headers=headers, media_type=form.media_type)
