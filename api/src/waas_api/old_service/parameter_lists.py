"""What the old service answered to OPTIONS: the parameters that a route takes."""

from collections.abc import Sequence

from waas_api.http.download_names import DEFAULT_NAME
from waas_api.old_service.downloads import DEFAULT_OUTPUT
from waas_contract.languages import LANGUAGE_NAMES
from waas_contract.transcription_job import Task

_OUTPUTS = ("srt", "vtt", "json", "txt", "timecode_txt", "jojo")
"""Those of the old service; tsv is served beside them."""


def _list(**parameters: dict[str, object]) -> dict[str, object]:
    return {"queryParams": parameters}


def _choice(options: Sequence[str], default: str) -> dict[str, object]:
    return {"type": "enum", "options": [*options], "optional": True, "default": default}


def _text(**more: object) -> dict[str, object]:
    return {"type": "string", "optional": True, **more}


def list_detection_parameters(models: Sequence[str], default_model: str) -> dict[str, object]:
    """Return what POST /v1/detect takes."""
    return _list(model=_choice(models, default_model))


def list_transcription_parameters(models: Sequence[str], default_model: str) -> dict[str, object]:
    """Return what POST /v1/transcribe takes; its clients know `language` under a plural here."""
    return _list(
        model=_choice(models, default_model),
        task=_choice((Task.TRANSLATE, Task.TRANSCRIBE), Task.TRANSCRIBE),
        languages={"type": "enum", "options": [*LANGUAGE_NAMES.values()], "optional": True},
        email_callback=_text(),
        webhook_id=_text(),
        filename=_text(default=DEFAULT_NAME),
    )


def list_download_parameters() -> dict[str, object]:
    """Return what GET /v1/download/<id> takes."""
    return _list(output=_choice(_OUTPUTS, DEFAULT_OUTPUT))
