"""GET /v1/models and /v1/models/<id>, as OpenAI's API has them."""

from fastapi import APIRouter

from waas_api.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.errors import UnknownModel
from waas_api.openai_answers import list_model_ids, show_model, show_models

router = APIRouter()


@router.head("/v1/models", include_in_schema=False)
@router.get("/v1/models")
async def list_models(desk: CallersDesk) -> dict[str, object]:
    """List the models that may be asked for, `whisper-1` among them."""
    desk.require(Permission.READ)
    return show_models(desk.settings.models)


@router.head("/v1/models/{model_id}", include_in_schema=False)
@router.get("/v1/models/{model_id}")
async def get_model(model_id: str, desk: CallersDesk) -> dict[str, object]:
    """Return one model."""
    desk.require(Permission.READ)
    if model_id not in list_model_ids(desk.settings.models):
        raise UnknownModel(f"The model '{model_id}' does not exist.")
    return show_model(model_id)
