"""GET /v1/models and /v1/models/<id>, as OpenAI's API has them."""

from fastapi import APIRouter

from waas_api.access.callers import Permission
from waas_api.dependencies import CallersDesk
from waas_api.document.bodies import answered_as
from waas_api.document.errors import openai_errors
from waas_api.document.openai import MODEL_SCHEMA, MODELS_SCHEMA
from waas_api.errors import UnknownModel
from waas_api.openai.answers import list_model_ids, show_model, show_models

router = APIRouter(tags=["drop-in for OpenAI's API"])

_MODELS = show_models(("tiny", "large-v3"))


@router.head("/v1/models", include_in_schema=False)
@router.get(
    "/v1/models",
    operation_id="listModelsAsOpenAI",
    responses=answered_as(MODELS_SCHEMA, _MODELS),
)
async def list_models(desk: CallersDesk) -> dict[str, object]:
    """List the models that may be asked for, `whisper-1` among them."""
    desk.require(Permission.READ)
    return show_models(desk.settings.models)


@router.head("/v1/models/{model_id}", include_in_schema=False)
@router.get(
    "/v1/models/{model_id}",
    operation_id="getModelAsOpenAI",
    responses=answered_as(MODEL_SCHEMA, show_model("tiny")) | openai_errors(UnknownModel),
)
async def get_model(model_id: str, desk: CallersDesk) -> dict[str, object]:
    """Return one model."""
    desk.require(Permission.READ)
    if model_id not in list_model_ids(desk.settings.models):
        raise UnknownModel(f"The model '{model_id}' does not exist.")
    return show_model(model_id)
