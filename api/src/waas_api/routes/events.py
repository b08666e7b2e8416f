"""The live events under /v2, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, Desk
from waas_api.document.bodies import answered_in
from waas_api.document.errors import problems
from waas_api.document.examples import EVENTS
from waas_api.errors import InvalidRequest, JobNotFound, TooManyStreams
from waas_api.jobs.event_streams import Audience, follow_all, follow_job
from waas_api.jobs.events import Known

router = APIRouter(tags=["events"])

LastEventId = Annotated[
    str | None, Header(max_length=200, description="The last event that the client has.")
]

_HEADERS = {
    "Cache-Control": "no-store",
    # nginx would keep the events until they fill a page.
    "X-Accel-Buffering": "no",
}
_DESCRIPTION = answered_in(
    {"text/event-stream": EVENTS}, description="Server-sent events; docs/api.md names them."
)


@router.get(
    "/v2/jobs/{job_id}/events",
    operation_id="followJob",
    response_class=StreamingResponse,
    responses=_DESCRIPTION | problems(InvalidRequest, JobNotFound, TooManyStreams),
)
async def follow_one(
    job_id: str, desk: CallersDesk, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Follow one job: its status, its progress and its segments as they are heard, to its end."""
    audience = await _open(desk)
    job = await desk.find_job(job_id)
    events = follow_job(
        audience,
        desk.services.partial_readers,
        desk.tenant.namespace,
        job.metadata.name,
        Known.parse(last_event_id),
    )
    return _answer(events)


@router.get(
    "/v2/events",
    operation_id="followJobs",
    response_class=StreamingResponse,
    responses=_DESCRIPTION | problems(InvalidRequest, TooManyStreams),
)
async def follow_every(desk: CallersDesk, last_event_id: LastEventId = None) -> StreamingResponse:
    """Follow all jobs that the caller may see, from now on or from the last event it has."""
    desk.require(Permission.READ)
    audience = await _open(desk)
    return _answer(follow_all(audience, desk.caller.may_see, Known.parse(last_event_id)))


async def _open(desk: Desk) -> Audience:
    services = desk.services
    services.live_streams.check_room()
    index = await desk.tenant.transcription_jobs.index()
    return Audience(index, desk.tenant.forecasts, services.live_streams, services.now)


def _answer(events: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)
