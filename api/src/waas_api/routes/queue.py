"""GET /v1/queue and GET /v1/stats: what there is to do, and what was done."""

from fastapi import APIRouter, Response

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_as
from waas_api.document.old_service import QUEUE_SCHEMA, STATS_SCHEMA
from waas_api.old_service.views import render_json

router = APIRouter(tags=["drop-in for schibsted/WAAS"])


@router.api_route(
    "/v1/queue",
    methods=["GET", "HEAD"],
    operation_id="getQueueAsWaas",
    response_class=Response,
    responses=answered_as(QUEUE_SCHEMA, {"count": 3, "length": 3}),
)
async def get_queue(desk: CallersDesk) -> Response:
    """Tell how many transcriptions wait; the old service's README and its code name it unlike."""
    desk.require(Permission.READ)
    count = len(await desk.tenant.waiting_line.names())
    return Response(render_json({"count": count, "length": count}), media_type="application/json")


@router.api_route(
    "/v1/stats",
    methods=["GET", "HEAD"],
    operation_id="getStatsAsWaas",
    response_class=Response,
    responses=answered_as(STATS_SCHEMA, {"total_time_transcribed": 3725.5}),
)
async def get_stats(desk: CallersDesk) -> Response:
    """Tell how many seconds of audio the tenant has had transcribed."""
    desk.require(Permission.READ)
    seconds = await desk.tenant.transcribed_time.seconds()
    return Response(render_json({"total_time_transcribed": seconds}), media_type="application/json")
