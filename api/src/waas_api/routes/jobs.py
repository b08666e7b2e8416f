"""The jobs under /v2: listed, looked at."""

from typing import Annotated

from fastapi import APIRouter, Query

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered
from waas_api.document.errors import problems
from waas_api.document.examples import JOB_LIST, RUNNING_JOB
from waas_api.errors import (
    InvalidCursor,
    InvalidLink,
    InvalidRequest,
    JobNotFound,
    UnknownLanguage,
)
from waas_api.jobs.listing import select_page
from waas_api.native.job_list_parameters import JobListParameters
from waas_api.native.views import JobList, JobView, show_job
from waas_api.routes.showing import show

router = APIRouter(tags=["jobs"])


@router.head("/v2/jobs", include_in_schema=False)
@router.get(
    "/v2/jobs",
    operation_id="listJobs",
    responses=answered(JOB_LIST) | problems(InvalidRequest, InvalidCursor, UnknownLanguage),
)
async def list_jobs(
    desk: CallersDesk, parameters: Annotated[JobListParameters, Query()]
) -> JobList:
    """List a page of the jobs that the caller may see."""
    desk.require(Permission.READ)
    query = parameters.to_query()
    caller, tenant = desk.caller, desk.tenant
    if query.filter.owners and not all(map(caller.may_see, query.filter.owners)):
        # As if there were none: who else is there is nobody's business.
        return JobList(jobs=(), cursor=None, total=0)
    index = await tenant.transcription_jobs.index()
    visible = index.newest_first()
    if Permission.MANAGE not in caller.permissions:
        visible = (job for job in visible if caller.may_see(job.owner))
    page = select_page(visible, query)
    now = desk.services.now()
    views = []
    for summary in page.jobs:
        job = index.read(summary.name)
        assert job is not None
        estimate = tenant.forecasts.estimate(summary, index, now)
        views.append(show_job(job, index.waiting, estimate))
    return JobList(jobs=tuple(views), cursor=page.cursor, total=page.total)


@router.head("/v2/jobs/{job_id}", include_in_schema=False)
@router.get(
    "/v2/jobs/{job_id}",
    operation_id="getJob",
    responses=answered(RUNNING_JOB) | problems(InvalidLink, JobNotFound),
)
async def get_job(job_id: str, desk: CallersDesk) -> JobView:
    """Tell how far a job is, its place in the queue and when it will be done."""
    return await show(await desk.find_job(job_id), desk)
