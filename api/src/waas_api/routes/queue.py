"""GET /v1/queue."""

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
