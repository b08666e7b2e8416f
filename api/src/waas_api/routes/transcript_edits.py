"""GET and PUT /v2/jobs/<id>/transcript, and its revisions."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered, nothing, takes
from waas_api.document.errors import problems
from waas_api.document.examples import REVISIONS, TRANSCRIPT
from waas_api.document.headers import (
    CONTENT_RANGE,
    ETAG,
    RANGED,
    REVISION,
    TAKES_CONDITIONS,
    TAKES_IF_MATCH,
)
from waas_api.document.schemas import schema_of
from waas_api.errors import (
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobNotDone,
    JobNotFound,
    ObjectTooLarge,
    PreconditionFailed,
    PreconditionMissing,
    StorageUnavailable,
    TranscriptMissing,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.http.conditions import matches_strongly
from waas_api.http.json_bodies import parse_body
from waas_api.http.reading_aside import read_aside
from waas_api.routes.incoming import read_json_body
from waas_api.routes.representations import answer_content
from waas_api.routes.transcript_states import edits_of, read_state
from waas_api.transcripts.edits import RevisionView, TranscriptEdit
from waas_api.transcripts.finding import find_manifest
from waas_contract.transcript import Transcript

router = APIRouter(tags=["transcripts"])

_PATH = "/v2/jobs/{job_id}/transcript"
_NOT_THERE = (
    InvalidRequest,
    JobNotFound,
    JobFailed,
    JobCancelled,
    JobNotDone,
    TranscriptMissing,
    ObjectTooLarge,
    StorageUnavailable,
)


@router.head(_PATH, include_in_schema=False)
@router.get(
    _PATH,
    operation_id="getTranscript",
    response_model=Transcript,
    responses=answered(TRANSCRIPT, headers=RANGED | REVISION)
    | answered(TRANSCRIPT, status=206, description="A part.", headers=RANGED | CONTENT_RANGE)
    | nothing(304, "It is as If-None-Match names it.", RANGED)
    | nothing(416, "The range lies behind the end.", CONTENT_RANGE)
    | problems(*_NOT_THERE, PreconditionFailed),
    openapi_extra=takes(*TAKES_CONDITIONS),
)
async def get_transcript(
    job_id: str,
    request: Request,
    desk: CallersDesk,
    original: Annotated[bool, Query(description="Whether it is to be as it was heard.")] = False,
    revision: Annotated[
        int | None, Query(ge=0, le=999_999_999, description="0 is the original.")
    ] = None,
) -> Response:
    """Return the transcript as it was last edited; its ETag is what a PUT needs."""
    job = await desk.find_job(job_id)
    _, state = await read_state(job, desk, revision=0 if original else revision)
    content = await anyio.to_thread.run_sync(_render, state.transcript)
    headers = {"Waas-Revision": str(state.revision)}
    return answer_content(
        request, content, etag=state.etag, media_type="application/json", headers=headers
    )


@router.put(
    _PATH,
    operation_id="putTranscript",
    response_model=Transcript,
    responses=answered(TRANSCRIPT, headers=ETAG | REVISION)
    | problems(*_NOT_THERE, PreconditionFailed, PreconditionMissing, UploadTooLarge, UploadStalled),
    openapi_extra=takes(
        {**TAKES_IF_MATCH, "required": True},
        body={
            "application/json": {
                "schema": schema_of(TranscriptEdit),
                "example": {"segments": [{"start": 0, "end": 3.9, "text": " Hei."}]},
            }
        },
    ),
)
async def put_transcript(
    job_id: str,
    request: Request,
    desk: CallersDesk,
    if_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Save an edited transcript as the next revision; the original and all others stay."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    if if_match is None:
        raise PreconditionMissing(
            "Send If-Match with the ETag of the transcript that you have edited."
        )
    body = await read_json_body(request, desk.settings)
    edit = await read_aside(_parse, body)
    _, seen = await read_state(job, desk)
    if not matches_strongly(if_match, seen.etag):
        raise PreconditionFailed(
            "Somebody has saved this transcript since you read it: read it again."
        )
    _, original = await read_state(job, desk, revision=0)
    edited = await anyio.to_thread.run_sync(edit.to_transcript, original.transcript)
    saved = await edits_of(job, desk).save(
        edited, seen, now=desk.services.now(), owner=desk.caller.owner
    )
    content = await anyio.to_thread.run_sync(_render, saved.transcript)
    headers = {"ETag": f'"{saved.etag}"', "Waas-Revision": str(saved.revision)}
    return Response(content, headers=headers, media_type="application/json")


@router.get(
    _PATH + "/revisions",
    operation_id="listRevisions",
    responses=answered(REVISIONS) | problems(*_NOT_THERE),
)
async def list_revisions(job_id: str, desk: CallersDesk) -> list[RevisionView]:
    """List the states of a transcript, the original first."""
    job = await desk.find_job(job_id)
    await find_manifest(job, desk.services.object_storage)
    edits = edits_of(job, desk)
    completed = job.status.completion_time if job.status else None
    path = f"/v2/jobs/{job.metadata.name}/transcript?revision="
    views = [RevisionView(revision=0, saved_time=completed, saved_by=None, href=f"{path}0")]
    for number in await edits.numbers():
        state = await edits.read(number)
        views.append(
            RevisionView(
                revision=number,
                saved_time=state.saved_time,
                saved_by=state.saved_by,
                href=f"{path}{number}",
            )
        )
    return views


def _parse(body: bytes) -> TranscriptEdit:
    return parse_body(TranscriptEdit, body)


def _render(transcript: Transcript) -> bytes:
    return transcript.model_dump_json(exclude_none=True).encode()
