"""POST /v2/jobs: a recording as the body, in a form, at an address or in storage becomes a job."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered
from waas_api.document.errors import problems
from waas_api.document.examples import WAITING_JOB
from waas_api.document.headers import LOCATION_OF_JOB
from waas_api.document.recordings import CREATE_JOB
from waas_api.errors import (
    CreationUnknown,
    EnglishOnly,
    FormSent,
    IdempotencyKeyReused,
    InvalidRequest,
    NoRecording,
    NotARecording,
    SourceForbidden,
    SourceNotAudio,
    SourceTooLarge,
    SourceUnreachable,
    StorageFull,
    StorageUnavailable,
    TooManyUploads,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UploadCutOff,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.http.upload_body import UploadBody
from waas_api.intake.recording_form import RecordingForm
from waas_api.intake.source_objects import check_object
from waas_api.intake.uploads import TakenIn
from waas_api.jobs.idempotency import Once, derive_once, parse_key
from waas_api.native.parameters import parse_json_object, read_parameters
from waas_api.native.request import Asked, parse_asked
from waas_api.native.views import JobView, show_job
from waas_api.routes.incoming import bound_body, check_media, choices_of, open_body
from waas_contract.transcription_job import TranscriptionJob

router = APIRouter(tags=["jobs"])

_LARGEST_JSON_BYTES = 256 * 1024
_URL_ENCODED = "application/x-www-form-urlencoded"


_ERRORS = problems(
    InvalidRequest,
    UnknownModel,
    UnknownLanguage,
    UnknownTask,
    EnglishOnly,
    NoRecording,
    UploadCutOff,
    SourceForbidden,
    UploadStalled,
    UploadTooLarge,
    SourceTooLarge,
    FormSent,
    NotARecording,
    SourceNotAudio,
    SourceUnreachable,
    IdempotencyKeyReused,
    TooManyUploads,
    StorageUnavailable,
    CreationUnknown,
    StorageFull,
)
_ANSWERS = answered(
    WAITING_JOB, status=201, description="The job was made.", headers=LOCATION_OF_JOB
) | answered(WAITING_JOB, description="The same request made it before.", headers=LOCATION_OF_JOB)


@router.post(
    "/v2/jobs",
    status_code=201,
    operation_id="createJob",
    responses={**_ANSWERS, 200: {"model": JobView, **_ANSWERS[200]}, **_ERRORS},
    openapi_extra=CREATE_JOB,
)
async def create_job(request: Request, response: Response, desk: CallersDesk) -> JobView:
    """Take a recording in and answer with its job."""
    desk.require(Permission.CREATE)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _URL_ENCODED:
        raise FormSent("A form is not a recording.")
    if kind == "application/json":
        taken = await _take_in_source(request, desk)
    elif kind == "multipart/form-data":
        taken = await _take_in_form(request, desk)
    else:
        taken = await _take_in_body(request, desk)
    job = taken.job
    response.headers["Location"] = f"/v2/jobs/{job.metadata.name}"
    response.status_code = 201 if taken.is_new else 200
    if job.metadata.creation_timestamp is None:
        # Not read back: the job is there, and a store that fails just now must not hide its id.
        made = job.metadata.model_copy(update={"creation_timestamp": desk.services.now()})
        job = TranscriptionJob(metadata=made, spec=job.spec)
    return show_job(job)


async def _take_in_body(request: Request, desk: Desk) -> TakenIn:
    given = read_parameters(request.query_params.multi_items())
    asked = parse_asked(given, choices_of(desk), takes_source=False, short_names=True)
    length = request.headers.get("content-length", "")
    once = _find_once(request, desk, asked, length=int(length) if length.isdecimal() else None)
    if once is not None and (known := await desk.tenant.uploads.find(once)):
        await _drain(request, desk)
        return TakenIn(known, is_new=False)
    body = await open_body(request, desk.settings)
    await check_media(body)
    return await desk.take_in(asked.order, body, once)


async def _take_in_form(request: Request, desk: Desk) -> TakenIn:
    outer = bound_body(request, desk.settings)
    form = RecordingForm(request.headers["content-type"], outer)
    fields = [*request.query_params.multi_items(), *await form.read_fields()]
    given = read_parameters(fields)
    given.setdefault("fileName", form.file_name and form.file_name[-255:])
    asked = parse_asked(given, choices_of(desk), takes_source=False, short_names=True)
    once = _find_once(request, desk, asked)
    if once is not None and (known := await desk.tenant.uploads.find(once)):
        await outer.drain()
        return TakenIn(known, is_new=False)
    # The outer one has an eye on time and length.
    body = UploadBody(form.recording(), announced_bytes=None, limits=outer.limits)
    if await body.is_empty():
        raise NoRecording("The part 'file' is empty.")
    await check_media(body)
    return await desk.take_in(asked.order, body, once)


async def _take_in_source(request: Request, desk: Desk) -> TakenIn:
    body = bound_body(request, desk.settings, largest_bytes=_LARGEST_JSON_BYTES)
    content = b"".join([chunk async for chunk in body])
    given = read_parameters(request.query_params.multi_items()) | parse_json_object(
        content, field="body"
    )
    asked = parse_asked(given, choices_of(desk), takes_source=True)
    once = _find_once(request, desk, asked)
    if once is not None and (known := await desk.tenant.uploads.find(once)):
        return TakenIn(known, is_new=False)
    if asked.source is None:
        return await _while_connected(request, _fetch(asked, desk, once))
    await check_object(
        asked.source,
        desk.caller,
        desk.tenant.transcription_jobs,
        own_bucket=desk.settings.s3_bucket,
        listed_buckets=desk.settings.source_buckets.get(desk.tenant.namespace, ()),
    )
    return await desk.take_in(replace(asked.order, source=asked.source), None, once)


async def _fetch(asked: Asked, desk: Desk, once: Once | None) -> TakenIn:
    web_sources = desk.services.web_sources
    if web_sources is None:
        raise SourceForbidden("This service fetches nothing from the web: send the recording.")
    assert asked.source_url is not None
    async with web_sources.open(asked.source_url) as found:
        name = asked.order.file_name or (found.file_name and found.file_name[-255:])
        return await desk.take_in(replace(asked.order, file_name=name), found.body, once)


async def _while_connected(request: Request, work: Coroutine[Any, Any, TakenIn]) -> TakenIn:
    """Do work for as long as its client waits: nobody would learn of the job."""

    async def wait_for_end() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(work)
    watch = asyncio.create_task(wait_for_end())
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise UploadCutOff("The client went away before the recording was fetched.")
        return await task
    finally:
        watch.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))


def _find_once(
    request: Request, desk: Desk, asked: Asked, *, length: int | None = None
) -> Once | None:
    header = request.headers.get("idempotency-key")
    if header is None:
        return None
    return derive_once(
        parse_key(header),
        namespace=desk.tenant.namespace,
        owner=desk.caller.owner,
        asked=asked,
        length=length,
    )


async def _drain(request: Request, desk: Desk) -> None:
    """Read a body that nobody needs, for many a client hears no answer before all is sent.

    One that asked before it sends is answered at once.
    """
    if request.headers.get("expect", "").lower() != "100-continue":
        await bound_body(request, desk.settings).drain()
