"""The jobs under /v2: made, listed, looked at, cancelled, deleted."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from waas_api.deletion import delete_job
from waas_api.dependencies import Services, WiredServices
from waas_api.native import JobList, JobView, show_job
from waas_api.routes.incoming import find_job, first_values, open_body
from waas_api.transcription_request import build_spec, parse_job_parameters
from waas_contract.transcription_job import ObjectMeta, TranscriptionJob

router = APIRouter()

_MOST_JOBS = 500


@router.post("/v2/jobs", status_code=201)
async def create_job(request: Request, response: Response, services: WiredServices) -> JobView:
    """Take a recording as the raw body and answer with its job."""
    settings = services.settings
    recording, delivery = parse_job_parameters(
        first_values(request), models=settings.models, default_model=settings.default_model
    )
    body = await open_body(request, services)
    name = await services.uploads.accept(recording, delivery, body)
    response.headers["Location"] = f"/v2/jobs/{name}"
    # Not read back: the job is there, and a store that fails just now must not hide its id.
    metadata = ObjectMeta(
        name=name, namespace=settings.namespace, creation_timestamp=services.now()
    )
    spec = build_spec(settings.namespace, name, recording, delivery)
    return show_job(TranscriptionJob(metadata=metadata, spec=spec))


@router.api_route("/v2/jobs", methods=["GET", "HEAD"])
async def list_jobs(
    services: WiredServices,
    limit: Annotated[int, Query(ge=1, le=_MOST_JOBS)] = 100,
    cursor: str | None = None,
) -> JobList:
    """List a page of the jobs."""
    page = await services.transcription_jobs.list(limit=limit, cursor=cursor)
    is_waiting = any(job.phase.is_waiting for job in page.jobs)
    waiting = await services.waiting_line.names() if is_waiting else ()
    return JobList(jobs=tuple(show_job(job, waiting) for job in page.jobs), cursor=page.cursor)


@router.api_route("/v2/jobs/{job_id}", methods=["GET", "HEAD"])
async def get_job(job_id: str, services: WiredServices) -> JobView:
    """Tell how far a job is."""
    return await _show(await find_job(job_id, services), services)


@router.post("/v2/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, services: WiredServices) -> JobView:
    """Ask for a job's end; one that has ended stays as it is."""
    job = await find_job(job_id, services)
    if not job.phase.is_final:
        job = await services.transcription_jobs.cancel(job.metadata.name)
    return await _show(job, services)


@router.delete("/v2/jobs/{job_id}", status_code=204)
async def remove_job(job_id: str, services: WiredServices) -> None:
    """Remove a job that has ended, its recording and its transcripts."""
    job = await find_job(job_id, services)
    await delete_job(job, services.object_storage, services.transcription_jobs)


async def _show(job: TranscriptionJob, services: Services) -> JobView:
    including = job.metadata.name if job.phase.is_waiting else None
    return show_job(job, await services.waiting_line.names(including=including))
