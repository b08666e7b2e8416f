"""GET and PUT /v2/jobs/<id>/transcript, and its revisions."""

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from waas_api.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.errors import (
    InvalidRequest,
    PreconditionFailed,
    PreconditionMissing,
)
from waas_api.http_conditions import matches_strongly
from waas_api.reading_aside import read_aside
from waas_api.routes.incoming import read_json_body
from waas_api.routes.native_openapi import problems
from waas_api.routes.representations import answer_content
from waas_api.routes.transcript_states import edits_of, read_state
from waas_api.transcript_edits import RevisionView, TranscriptEdit
from waas_api.transcripts import find_manifest
from waas_contract.transcript import Transcript

router = APIRouter(tags=["transcripts"])

_PATH = "/v2/jobs/{job_id}/transcript"
_ERRORS = problems(400, 401, 403, 404, 409, 410, 412, 503)


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, operation_id="getTranscript", response_model=Transcript, responses=_ERRORS)
async def get_transcript(
    job_id: str,
    request: Request,
    desk: CallersDesk,
    original: bool = False,
    revision: Annotated[int | None, Query(ge=0, le=999_999_999)] = None,
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
    responses=_ERRORS | problems(413, 428),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": TranscriptEdit.model_json_schema(by_alias=True),
                    "example": {"segments": [{"start": 0, "end": 3.9, "text": " Hei."}]},
                }
            },
        }
    },
)
async def put_transcript(
    job_id: str,
    request: Request,
    desk: CallersDesk,
    if_match: Annotated[str | None, Header()] = None,
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


@router.get(_PATH + "/revisions", operation_id="listRevisions", responses=_ERRORS)
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
    try:
        return TranscriptEdit.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidRequest(f"{place or 'The body'}: {first['msg']}.") from None


def _render(transcript: Transcript) -> bytes:
    return transcript.model_dump_json(exclude_none=True).encode()
