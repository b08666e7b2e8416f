"""What is done with jobs under /v2: cancel, suspend, resume, change, retry, delete."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered, nothing, takes
from waas_api.document.errors import problems
from waas_api.document.examples import CANCELLED_JOB, SUSPENDED_JOB, WAITING_JOB
from waas_api.document.headers import LOCATION_OF_JOB
from waas_api.document.schemas import schema_of
from waas_api.errors import (
    AudioMissing,
    EnglishOnly,
    InvalidRequest,
    JobEnded,
    JobNotEnded,
    JobNotFound,
    ObjectNotFound,
    StorageFull,
    StorageUnavailable,
    UnknownModel,
    UploadStalled,
    UploadTooLarge,
)
from waas_api.jobs.deletion import delete_job, end_and_delete_job
from waas_api.jobs.retrying import RetryChanges, order_retry
from waas_api.jobs.spec_changes import JobPatch, SpecChanges, missing_changes
from waas_api.native.views import JobView
from waas_api.routes.incoming import read_short_body
from waas_api.routes.showing import show
from waas_api.transcripts.recordings import find_audio_key
from waas_contract.transcription_job import TranscriptionJob

router = APIRouter(tags=["jobs"])

_PATH = "/v2/jobs/{job_id}"
_ERRORS = problems(InvalidRequest, JobNotFound, JobEnded)


@router.post(
    _PATH + "/cancel",
    operation_id="cancelJob",
    responses=answered(CANCELLED_JOB) | problems(InvalidRequest, JobNotFound),
)
async def cancel_job(job_id: str, desk: CallersDesk) -> JobView:
    """Ask for a job's end; one that has ended stays as it is."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    if not job.phase.is_final:
        job = await desk.tenant.transcription_jobs.cancel(job.metadata.name)
    return await show(job, desk)


@router.post(
    _PATH + "/suspend",
    operation_id="suspendJob",
    responses=answered(SUSPENDED_JOB) | _ERRORS,
)
async def suspend_job(job_id: str, desk: CallersDesk) -> JobView:
    """Have a job wait until it is resumed; one that waits for that already goes on waiting."""
    return await _change(job_id, SpecChanges(suspend=True), desk)


@router.post(_PATH + "/resume", operation_id="resumeJob", responses=answered(WAITING_JOB) | _ERRORS)
async def resume_job(job_id: str, desk: CallersDesk) -> JobView:
    """Let a suspended job go on; one that is not suspended stays as it is."""
    return await _change(job_id, SpecChanges(suspend=False), desk)


@router.patch(
    _PATH,
    operation_id="changeJob",
    responses=answered(WAITING_JOB)
    | problems(InvalidRequest, JobNotFound, JobEnded, UploadStalled, UploadTooLarge),
    openapi_extra=takes(
        body={
            "application/merge-patch+json": {
                "schema": schema_of(JobPatch),
                "example": {"priority": "high"},
            }
        }
    ),
)
async def change_job(job_id: str, request: Request, desk: CallersDesk) -> JobView:
    """Change a job's priority, how long it is kept, or whether it waits (a JSON merge patch)."""
    patch = await read_short_body(request, desk.settings, JobPatch)
    changes = {name: getattr(patch, name) for name in patch.model_fields_set}
    return await _change(job_id, SpecChanges(**changes), desk)


@router.post(
    _PATH + "/retry",
    status_code=201,
    operation_id="retryJob",
    responses=answered(WAITING_JOB, status=201, headers=LOCATION_OF_JOB)
    | problems(
        InvalidRequest,
        UnknownModel,
        EnglishOnly,
        JobNotFound,
        JobNotEnded,
        AudioMissing,
        StorageUnavailable,
        StorageFull,
        UploadStalled,
        UploadTooLarge,
    ),
    openapi_extra=takes(
        body={
            "application/json": {
                "schema": schema_of(RetryChanges),
                "example": {"model": "large-v3", "language": None},
            }
        },
        required=False,
    ),
)
async def retry_job(
    job_id: str, request: Request, response: Response, desk: CallersDesk
) -> JobView:
    """Make a new job of the same recording, with a copy of it, and the same or another request."""
    desk.require(Permission.CREATE)
    job = await desk.find_job(job_id, Permission.CHANGE)
    changes = await read_short_body(request, desk.settings, RetryChanges)
    order = order_retry(job, changes, models=desk.settings.models)
    key = find_audio_key(job)
    try:
        with desk.admit():
            name = await desk.tenant.uploads.accept_copy(order.of(job.spec.owner), key)
    except ObjectNotFound as error:
        raise AudioMissing("The recording is not in object storage any more.") from error
    response.headers["Location"] = f"/v2/jobs/{name}"
    return await show(await desk.tenant.transcription_jobs.get(name), desk)


@router.delete(
    _PATH,
    status_code=204,
    operation_id="deleteJob",
    responses=nothing(204, "It is gone.")
    | problems(InvalidRequest, JobNotFound, JobNotEnded, StorageUnavailable),
)
async def remove_job(
    job_id: str,
    desk: CallersDesk,
    force: Annotated[bool, Query(description="Whether one that goes on is ended first.")] = False,
) -> None:
    """Remove a job that has ended, its recording and its transcripts.

    With `force`, one that has not ended is cancelled first; where its end takes longer than some
    seconds, the answer is 409, and the same request finishes it later.
    """
    job = await desk.find_job(job_id, Permission.DELETE)
    delete = end_and_delete_job if force else delete_job
    await delete(job, desk.services.object_storage, desk.tenant.transcription_jobs)


async def _change(job_id: str, changes: SpecChanges, desk: Desk) -> JobView:
    job: TranscriptionJob = await desk.find_job(job_id, Permission.CHANGE)
    missing = missing_changes(job, changes)
    if missing is not None:
        job = await desk.tenant.transcription_jobs.change(job.metadata.name, missing)
    return await show(job, desk)
