"""Shows one job with its place in the queue and its estimate."""

from waas_api.dependencies import Desk
from waas_api.errors import ClusterUnavailable
from waas_api.jobs.summaries import summarize
from waas_api.native.views import JobView, show_job
from waas_contract.transcription_job import TranscriptionJob


async def show(job: TranscriptionJob, desk: Desk) -> JobView:
    """Return what a client is shown of a job that it may see.

    Place and estimate are missing while the other jobs cannot be seen.
    """
    if job.phase.is_final:
        return show_job(job)
    try:
        index = await desk.tenant.transcription_jobs.index()
    except ClusterUnavailable:
        return show_job(job)
    now = desk.services.now()
    estimate = desk.tenant.forecasts.estimate(summarize(job), index, now)
    return show_job(job, index.waiting, estimate)
