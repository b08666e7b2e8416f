"""GET /v1/queue and GET /v1/stats: what there is to do, and what was done."""

from fastapi import APIRouter, Response

from waas_api.callers import Permission
from waas_api.compat import render_json
from waas_api.dependencies import CallersDesk

router = APIRouter()


@router.api_route("/v1/queue", methods=["GET", "HEAD"])
async def get_queue(desk: CallersDesk) -> Response:
    """Tell how many transcriptions wait; the old service's README and its code name it unlike."""
    desk.require(Permission.READ)
    count = len(await desk.tenant.waiting_line.names())
    return Response(render_json({"count": count, "length": count}), media_type="application/json")


@router.api_route("/v1/stats", methods=["GET", "HEAD"])
async def get_stats(desk: CallersDesk) -> Response:
    """Tell how many seconds of audio the tenant has had transcribed."""
    desk.require(Permission.READ)
    seconds = await desk.tenant.transcribed_time.seconds()
    return Response(render_json({"total_time_transcribed": seconds}), media_type="application/json")
