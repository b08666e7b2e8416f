"""What a client asks for in POST /v1/transcribe, read from the query.

The texts are the old service's where it had the check, and the checks come in its order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from waas_api.errors import InvalidRequest, UnknownWebhook
from waas_contract.languages import parse_language
from waas_contract.models import is_english_only
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import Notifications, Source, Task, TranscriptionJobSpec

_LONGEST_FILE_NAME = 255  # Source.file_name and every usual file system
_LONGEST_EMAIL = 254  # RFC 5321: a path is 256 with its angle brackets

_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Recording:
    """How the speech is to be heard."""

    model: str
    task: Task
    language: str | None
    """Code of the language, None to detect it."""


@dataclass(frozen=True)
class Delivery:
    """Under which name, and who is told."""

    file_name: str | None
    notifications: Notifications | None


def parse_recording(
    query: Mapping[str, str], *, models: Collection[str], default_model: str
) -> Recording:
    """Return how the speech is to be heard, checked as far as the query can tell."""
    model = query.get("model", default_model)
    if model not in models:
        raise InvalidRequest("Model not available")
    language = None
    if query.get("language"):
        language = parse_language(query["language"])
        if language is None:
            raise InvalidRequest("Language not supported")
    try:
        task = Task(query.get("task", Task.TRANSCRIBE))
    except ValueError as error:
        raise InvalidRequest("Task not supported") from error
    if is_english_only(model):
        multilingual = "choose a model whose name does not end in .en"
        if language not in (None, "en"):
            raise InvalidRequest(f"Language not supported by this model: {multilingual}")
        if task is Task.TRANSLATE:
            raise InvalidRequest(f"Task not supported by this model: {multilingual}")
    return Recording(model=model, task=task, language=language)


def is_form(content_type: str) -> bool:
    """Tell whether a body of this type is a form, which the service does not unpack."""
    return content_type.partition(";")[0].strip().lower() in _FORM_TYPES


def parse_delivery(query: Mapping[str, str], *, webhook_ids: Collection[str]) -> Delivery:
    """Return the name of the recording and who is told of its end.

    The values are unquoted once more than the query's encoding asks for: the old service's page
    encoded them twice, and its clients learnt from it.
    """
    email, webhook_id, file_name = (
        unquote(query[name]) if name in query else None
        for name in ("email_callback", "webhook_id", "filename")
    )
    if email is None and webhook_id is None:
        raise InvalidRequest("No email_callback or webhook_callback_url set")
    if email and (len(email) > _LONGEST_EMAIL or not email.isprintable()):
        raise InvalidRequest(
            "email_callback not supported: it must be one e-mail address of at most "
            f"{_LONGEST_EMAIL} characters"
        )
    if webhook_id is not None and webhook_id not in webhook_ids:
        raise UnknownWebhook("Invalid webhook id")
    notifications = None
    if email or webhook_id:
        notifications = Notifications(email=email or None, webhook_id=webhook_id)
    return Delivery(
        file_name=file_name[:_LONGEST_FILE_NAME] if file_name else None,
        notifications=notifications,
    )


def build_spec(
    namespace: str, name: str, recording: Recording, delivery: Delivery
) -> TranscriptionJobSpec:
    """Return the spec of the TranscriptionJob that a request asks for."""
    return TranscriptionJobSpec(
        source=Source(
            key=audio_key(namespace, name, delivery.file_name or ""), file_name=delivery.file_name
        ),
        model=recording.model,
        task=recording.task,
        language=recording.language,
        notifications=delivery.notifications,
    )
