"""GET /v2/jobs/<id>/results and GET /v2/jobs/<id>/results/<format>."""

import hashlib
from itertools import count
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict

from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered_in, nothing, takes
from waas_api.document.errors import Responses, problems
from waas_api.document.examples import CAPTIONS, RESULT_LIST, SUBTITLES, TRANSCRIPT
from waas_api.document.headers import CONTENT_RANGE, DISPOSITION, RANGED, TAKES_CONDITIONS
from waas_api.errors import (
    InvalidLink,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobNotDone,
    JobNotFound,
    NotAcceptable,
    ObjectTooLarge,
    PreconditionFailed,
    StorageUnavailable,
    TranscriptMissing,
    UnsupportedOutput,
)
from waas_api.native.views import content_disposition
from waas_api.routes.representations import answer_content
from waas_api.routes.transcript_states import edits_of, read_state
from waas_api.transcripts import word_document
from waas_api.transcripts.edits import TranscriptState
from waas_api.transcripts.finding import find_manifest
from waas_api.transcripts.results import (
    ResultForm,
    ResultList,
    find_result,
    list_results,
    negotiate,
)
from waas_contract.transcription_job import TranscriptionJob
from waas_contract.transcription_options import SubtitleOptions

router = APIRouter(tags=["results"])


class ResultParameters(SubtitleOptions):
    """Which state of a transcript, and how subtitles are cut; theirs are as in the spec."""

    model_config = ConfigDict(extra="forbid")

    original: bool = False
    """Whether the transcript as the job stored it is meant, whatever people made of it."""

    link: str | None = None
    """The link by which somebody comes who does not log in."""

    def subtitles(self, job: TranscriptionJob) -> SubtitleOptions | None:
        """Return how subtitles are cut: as asked for here, else as for the job."""
        names = SubtitleOptions.model_fields.keys() & self.model_fields_set
        if not names:
            return job.spec.subtitles
        return SubtitleOptions(**{name: getattr(self, name) for name in names})


_FILES: dict[str, object] = {
    "text/vtt": CAPTIONS,
    "application/x-subrip": SUBTITLES,
    "text/plain": "Hei på deg.\n",
    "text/tab-separated-values": "start\tend\ttext\n0\t3920\tHei på deg.\n",
    word_document.MEDIA_TYPE: "PK\u0003\u0004",
}


def _describe(examples: dict[str, object]) -> Responses:
    return (
        answered_in(examples, headers=RANGED | DISPOSITION)
        | answered_in(examples, status=206, description="A part.", headers=RANGED | CONTENT_RANGE)
        | nothing(304, "It is as If-None-Match names it.", RANGED)
        | nothing(416, "The range lies behind the end.", CONTENT_RANGE)
    )


_ERRORS = (
    InvalidRequest,
    JobNotFound,
    JobFailed,
    JobCancelled,
    JobNotDone,
    TranscriptMissing,
    PreconditionFailed,
    ObjectTooLarge,
    StorageUnavailable,
)


@router.head("/v2/jobs/{job_id}/results", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}/results",
    operation_id="listResults",
    response_model=ResultList,
    responses=_describe({"application/json": RESULT_LIST, **_FILES})
    | problems(*_ERRORS, NotAcceptable),
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_results(
    job_id: str,
    request: Request,
    desk: CallersDesk,
    parameters: Annotated[ResultParameters, Query()],
) -> Response:
    """List the formats, or return the one that Accept asks for, such as text/vtt."""
    output = negotiate(request.headers.get("accept", ""))
    job = await desk.find_job(job_id)
    if output is None:
        manifest = await find_manifest(job, desk.services.object_storage)
        revision = 0 if parameters.original else max(await edits_of(job, desk).numbers(), default=0)
        content = list_results(job, manifest, revision).model_dump(mode="json", by_alias=True)
        return JSONResponse(content, headers={"Vary": "Accept"})
    return await _answer(request, desk, job, find_result(output), parameters, {"Vary": "Accept"})


@router.head("/v2/jobs/{job_id}/results/{output}", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}/results/{output}",
    operation_id="getResult",
    response_class=Response,
    responses=_describe({"application/json": TRANSCRIPT, **_FILES})
    | problems(*_ERRORS, UnsupportedOutput, InvalidLink),
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_result(
    job_id: str,
    output: str,
    request: Request,
    desk: CallersDesk,
    parameters: Annotated[ResultParameters, Query()],
) -> Response:
    """Return a finished transcript in one of the formats, as people last edited it."""
    form = find_result(output)
    job = await desk.find_job(job_id)
    return await _answer(request, desk, job, form, parameters, {})


async def _answer(
    request: Request,
    desk: Desk,
    job: TranscriptionJob,
    form: ResultForm,
    parameters: ResultParameters,
    headers: dict[str, str],
) -> Response:
    _, state = await read_state(job, desk, revision=0 if parameters.original else None)
    name = form.file_name(job)
    subtitles = parameters.subtitles(job)
    content, etag = await anyio.to_thread.run_sync(_render, form, state, name, subtitles)
    return answer_content(
        request,
        content,
        etag=etag,
        media_type=form.media_type,
        headers={"Content-Disposition": content_disposition(name), **headers},
    )


def _render(
    form: ResultForm, state: TranscriptState, name: str, subtitles: SubtitleOptions | None
) -> tuple[bytes, str]:
    """Return the content and its ETag.

    It is always the same of the same transcript, so that ranges fit together.
    """
    numbers = count()

    def new_id() -> str:
        return str(uuid5(NAMESPACE_URL, f"{state.etag}/{next(numbers)}"))

    content = form.render(state.transcript, name, new_id, subtitles)
    return content, hashlib.sha256(content).hexdigest()[:32]
