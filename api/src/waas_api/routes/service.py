"""GET /v2 and GET /v2/models: what this is, and what it can do."""

from importlib.metadata import version

from fastapi import APIRouter

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk, WiredServices
from waas_api.document.bodies import answered
from waas_api.document.examples import MODELS, SERVICE
from waas_api.native.views import Models, Service, show_models

router = APIRouter(tags=["service"])

_VERSION = version("waas-api")


@router.api_route(
    "/v2", methods=["GET", "HEAD"], operation_id="identify", responses=answered(SERVICE)
)
async def identify(services: WiredServices) -> Service:
    """Say that this is the service, which release of it, and how one logs in."""
    return Service(version=_VERSION, logins=services.settings.authentication)


@router.api_route(
    "/v2/models", methods=["GET", "HEAD"], operation_id="listModels", responses=answered(MODELS)
)
async def list_models(desk: CallersDesk) -> Models:
    """List the models that may be asked for."""
    desk.require(Permission.READ)
    return show_models(desk.settings.models, desk.settings.default_model)
