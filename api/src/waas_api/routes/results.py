"""GET /v2/jobs/<id>/results/<format>."""

import anyio.to_thread
from fastapi import APIRouter, Response

from waas_api.dependencies import CallersDesk
from waas_api.native import content_disposition
from waas_api.results import find_result
from waas_api.transcripts import check_is_done, read_transcript
from waas_contract.transcript import Transcript

router = APIRouter()


@router.api_route("/v2/jobs/{job_id}/results/{output}", methods=["GET", "HEAD"])
async def get_result(job_id: str, output: str, desk: CallersDesk) -> Response:
    """Return a finished transcript in one of the formats."""
    form = find_result(output)
    job = await desk.find_job(job_id)
    check_is_done(job)
    largest = desk.settings.largest_transcript_bytes
    data = await read_transcript(job, desk.services.object_storage, largest_bytes=largest)
    name = form.file_name(job)

    def render() -> bytes:
        transcript = Transcript.model_validate_json(data)
        return form.render(transcript, name, desk.services.new_id).encode()

    # Hours of speech take a noticeable time, in which others want answers.
    content = await anyio.to_thread.run_sync(render)
    headers = {"Content-Disposition": content_disposition(name)}
    return Response(content, headers=headers, media_type=form.media_type)
