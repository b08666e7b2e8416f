"""GET /healthz and GET /readyz, for the kubelet."""

from fastapi import APIRouter, Response

from waas_api.dependencies import WiredServices
from waas_api.document.bodies import answered_in
from waas_api.old_service.views import render_json

router = APIRouter(tags=["service"])


@router.api_route(
    "/healthz",
    methods=["GET", "HEAD"],
    operation_id="getHealth",
    response_class=Response,
    responses=answered_in({"application/json": {"status": "ok"}}),
)
async def get_health() -> Response:
    """Tell that the process lives; restarting it mends nothing that it depends on."""
    return Response(render_json({"status": "ok"}), media_type="application/json")


@router.api_route(
    "/readyz",
    methods=["GET", "HEAD"],
    operation_id="getReadiness",
    response_class=Response,
    responses=answered_in({"application/json": {"status": "ok", "notReady": []}})
    | answered_in(
        {"application/json": {"status": "not ready", "notReady": ["object storage"]}},
        status=503,
        description="Something that it stands on does not answer.",
    ),
)
async def get_readiness(services: WiredServices) -> Response:
    """Tell whether requests can be served, and if not, what does not answer."""
    failing = await services.readiness.failing()
    state: dict[str, object] = {"status": "not ready" if failing else "ok", "notReady": failing}
    if warnings := services.readiness.warnings():
        state["warnings"] = warnings
    return Response(
        render_json(state),
        503 if failing else 200,
        media_type="application/json",
    )
