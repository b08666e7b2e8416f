"""The jobs under /v2: listed, looked at, cancelled, deleted."""

from typing import Annotated

from fastapi import APIRouter, Query

from waas_api.callers import Permission
from waas_api.deletion import delete_job
from waas_api.dependencies import CallersDesk, Desk
from waas_api.native import JobList, JobView, show_job
from waas_contract.transcription_job import TranscriptionJob

router = APIRouter()

_MOST_JOBS = 500


@router.api_route("/v2/jobs", methods=["GET", "HEAD"])
async def list_jobs(
    desk: CallersDesk,
    limit: Annotated[int, Query(ge=1, le=_MOST_JOBS)] = 100,
    cursor: str | None = None,
) -> JobList:
    """List a page of the jobs."""
    page = await desk.list_jobs(limit=limit, cursor=cursor)
    is_waiting = any(job.phase.is_waiting for job in page.jobs)
    waiting = await desk.tenant.waiting_line.names() if is_waiting else ()
    return JobList(jobs=tuple(show_job(job, waiting) for job in page.jobs), cursor=page.cursor)


@router.api_route("/v2/jobs/{job_id}", methods=["GET", "HEAD"])
async def get_job(job_id: str, desk: CallersDesk) -> JobView:
    """Tell how far a job is."""
    return await _show(await desk.find_job(job_id), desk)


@router.post("/v2/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, desk: CallersDesk) -> JobView:
    """Ask for a job's end; one that has ended stays as it is."""
    job = await desk.find_job(job_id, Permission.CHANGE)
    if not job.phase.is_final:
        job = await desk.tenant.transcription_jobs.cancel(job.metadata.name)
    return await _show(job, desk)


@router.delete("/v2/jobs/{job_id}", status_code=204)
async def remove_job(job_id: str, desk: CallersDesk) -> None:
    """Remove a job that has ended, its recording and its transcripts."""
    job = await desk.find_job(job_id, Permission.DELETE)
    await delete_job(job, desk.services.object_storage, desk.tenant.transcription_jobs)


async def _show(job: TranscriptionJob, desk: Desk) -> JobView:
    including = job.metadata.name if job.phase.is_waiting else None
    return show_job(job, await desk.tenant.waiting_line.names(including=including))
