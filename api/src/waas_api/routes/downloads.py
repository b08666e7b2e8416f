"""GET /v1/download/<id>."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Response

from waas_api.compat import file_name_of
from waas_api.dependencies import Services, WiredServices
from waas_api.download_names import sanitize_name
from waas_api.downloads import DEFAULT_OUTPUT, DOWNLOADS
from waas_api.errors import (
    JobCancelled,
    JobFailed,
    JobNotDone,
    ObjectNotFound,
    TranscriptMissing,
    UnsupportedOutput,
)
from waas_api.routes.transcriptions import find_job
from waas_contract.formats import OutputFormat
from waas_contract.manifest import Manifest
from waas_contract.object_keys import manifest_key
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import Phase, TranscriptionJob

router = APIRouter()

_LARGEST_MANIFEST_BYTES = 1024 * 1024


@router.api_route("/v1/download/{job_id}", methods=["GET", "HEAD"])
async def download(
    job_id: str, services: WiredServices, output: Annotated[str, Query()] = DEFAULT_OUTPUT
) -> Response:
    """Return a finished transcript in one of the formats."""
    job = await find_job(job_id, services)
    _check_is_done(job)
    if output not in DOWNLOADS:
        raise UnsupportedOutput("Output not supported")
    form = DOWNLOADS[output]
    data = await _read_transcript(job, services)
    name = sanitize_name(file_name_of(job))

    def render() -> bytes:
        transcript = Transcript.model_validate_json(data)
        return form.render(transcript, name, services.new_id).encode()

    # Hours of speech take a noticeable time, in which others want answers.
    content = await anyio.to_thread.run_sync(render)
    headers = {}
    if form.extension is not None:
        headers["Content-disposition"] = f'attachment; filename="{name}.{form.extension}"'
    return Response(content, headers=headers, media_type=form.media_type)


def _check_is_done(job: TranscriptionJob) -> None:
    if job.phase is Phase.FAILED:
        raise JobFailed("Job failed")
    if job.phase is Phase.CANCELLED:
        raise JobCancelled("Job canceled")
    if job.phase is not Phase.SUCCEEDED:
        raise JobNotDone("Job not done yet")


async def _read_transcript(job: TranscriptionJob, services: Services) -> bytes:
    """Return transcript.json by way of the manifest, which alone says that it is whole."""
    namespace, name = services.settings.namespace, job.metadata.name
    missing = TranscriptMissing("The transcript is not in object storage any more")
    storage = services.object_storage
    try:
        manifest = Manifest.model_validate_json(
            await storage.read(manifest_key(namespace, name), largest_bytes=_LARGEST_MANIFEST_BYTES)
        )
        file = manifest.file(OutputFormat.JSON)
        if file is None or not manifest.answers(namespace, name, job.spec.digest()):
            raise missing
        return await storage.read(
            file.key, largest_bytes=services.settings.largest_transcript_bytes
        )
    except ObjectNotFound as error:
        raise missing from error
