"""GET /v1/queue."""

from fastapi import APIRouter, Response

from waas_api.compat import render_json
from waas_api.dependencies import WiredServices

router = APIRouter()


@router.api_route("/v1/queue", methods=["GET", "HEAD"])
async def get_queue(services: WiredServices) -> Response:
    """Tell how many transcriptions wait; the old service's README and its code name it unlike."""
    count = len(await services.waiting_line.names())
    return Response(render_json({"count": count, "length": count}), media_type="application/json")
