"""What is done with jobs under /v2: cancel, suspend, resume, change, retry, delete."""

from fastapi import APIRouter, Response

from waas_api.callers import Permission
from waas_api.deletion import delete_job, end_and_delete_job
from waas_api.dependencies import CallersDesk, Desk
from waas_api.errors import AudioMissing, ObjectNotFound
from waas_api.native import JobView
from waas_api.recordings import find_audio_key
from waas_api.retrying import RetryChanges, order_retry
from waas_api.routes.native_openapi import problems
from waas_api.routes.showing import show
from waas_api.spec_changes import JobPatch, SpecChanges, missing_changes
from waas_contract.transcription_job import TranscriptionJob

router = APIRouter(tags=["jobs"])

_PATH = "/v2/jobs/{job_id}"
_ERRORS = problems(400, 401, 403, 404, 409, 503)


@router.post(_PATH + "/cancel", operation_id="cancelJob", responses=_ERRORS)
async def cancel_job(job_id: str, desk: CallersDesk) -> JobView:
    """Ask for a job's end; one that has ended stays as it is."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    if not job.phase.is_final:
        job = await desk.tenant.transcription_jobs.cancel(job.metadata.name)
    return await show(job, desk)


@router.post(_PATH + "/suspend", operation_id="suspendJob", responses=_ERRORS)
async def suspend_job(job_id: str, desk: CallersDesk) -> JobView:
    """Have a job wait until it is resumed; one that waits for that already goes on waiting."""
    return await _change(job_id, SpecChanges(suspend=True), desk)


@router.post(_PATH + "/resume", operation_id="resumeJob", responses=_ERRORS)
async def resume_job(job_id: str, desk: CallersDesk) -> JobView:
    """Let a suspended job go on; one that is not suspended stays as it is."""
    return await _change(job_id, SpecChanges(suspend=False), desk)


@router.patch(
    _PATH,
    operation_id="changeJob",
    responses=_ERRORS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/merge-patch+json": {
                    "schema": JobPatch.model_json_schema(by_alias=True)
                }
            },
        }
    },
)
async def change_job(job_id: str, patch: JobPatch, desk: CallersDesk) -> JobView:
    """Change a job's priority, how long it is kept, or whether it waits (a JSON merge patch)."""
    changes = {name: getattr(patch, name) for name in patch.model_fields_set}
    return await _change(job_id, SpecChanges(**changes), desk)


@router.post(
    _PATH + "/retry",
    status_code=201,
    operation_id="retryJob",
    responses=_ERRORS | problems(410, 429),
)
async def retry_job(
    job_id: str, response: Response, desk: CallersDesk, changes: RetryChanges | None = None
) -> JobView:
    """Make a new job of the same recording, with a copy of it, and the same or another request."""
    desk.require(Permission.CREATE)
    job = await desk.find_job(job_id, Permission.CHANGE)
    order = order_retry(job, changes or RetryChanges(), models=desk.settings.models)
    key = find_audio_key(job)
    try:
        with desk.admit():
            name = await desk.tenant.uploads.accept_copy(order.of(job.spec.owner), key)
    except ObjectNotFound as error:
        raise AudioMissing("The recording is not in object storage any more.") from error
    response.headers["Location"] = f"/v2/jobs/{name}"
    return await show(await desk.tenant.transcription_jobs.get(name), desk)


@router.delete(
    _PATH, status_code=204, operation_id="deleteJob", responses=problems(401, 403, 404, 409, 503)
)
async def remove_job(job_id: str, desk: CallersDesk, force: bool = False) -> None:
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
