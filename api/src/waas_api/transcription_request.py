"""What a client asks for in POST /v1/transcribe and POST /v2/jobs, read from the query.

The texts are the old service's where it had the check, and the checks come in its order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from waas_api.errors import (
    EnglishOnly,
    InvalidRequest,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnknownWebhook,
)
from waas_contract.formats import OutputFormat
from waas_contract.languages import parse_language
from waas_contract.models import is_english_only
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import Notifications, Source, Task, TranscriptionJobSpec

JOB_PARAMETERS = (
    "file_name",
    "language",
    "model",
    "task",
    "formats",
    "word_timestamps",
    "prompt",
)
"""What the query of POST /v2/jobs may hold."""

_LONGEST_PROMPT = 2000  # TranscriptionJobSpec.initial_prompt
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

    initial_prompt: str | None = None
    word_timestamps: bool = False
    formats: tuple[OutputFormat, ...] | None = None
    """What is stored beside transcript.json; None for the usual ones."""


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
        raise UnknownModel("Model not available")
    language = None
    if query.get("language"):
        language = parse_language(query["language"])
        if language is None:
            raise UnknownLanguage("Language not supported")
    try:
        task = Task(query.get("task", Task.TRANSCRIBE))
    except ValueError as error:
        raise UnknownTask("Task not supported") from error
    if is_english_only(model):
        multilingual = "choose a model whose name does not end in .en"
        if language not in (None, "en"):
            raise EnglishOnly(f"Language not supported by this model: {multilingual}")
        if task is Task.TRANSLATE:
            raise EnglishOnly(f"Task not supported by this model: {multilingual}")
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


def parse_job_parameters(
    query: Mapping[str, str], *, models: Collection[str], default_model: str
) -> tuple[Recording, Delivery]:
    """Return what POST /v2/jobs asks for; unlike the old routes, it takes no unknown parameter."""
    unknown = sorted(set(query) - set(JOB_PARAMETERS))
    if unknown:
        raise InvalidRequest(
            f"There is no parameter {unknown[0]!r}: choose from {', '.join(JOB_PARAMETERS)}."
        )
    recording = parse_recording(query, models=models, default_model=default_model)
    prompt = query.get("prompt") or None
    if prompt and len(prompt) > _LONGEST_PROMPT:
        raise InvalidRequest(f"The prompt is longer than {_LONGEST_PROMPT} characters.")
    file_name = query.get("file_name") or None
    if file_name and len(file_name) > _LONGEST_FILE_NAME:
        raise InvalidRequest(f"file_name is longer than {_LONGEST_FILE_NAME} characters.")
    recording = replace(
        recording,
        initial_prompt=prompt,
        word_timestamps=_parse_flag("word_timestamps", query.get("word_timestamps", "false")),
        formats=_parse_formats(query["formats"]) if query.get("formats") else None,
    )
    return recording, Delivery(file_name=file_name, notifications=None)


def _parse_flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InvalidRequest(f"{name} must be true or false.")
    return text.lower() == "true"


def _parse_formats(text: str) -> tuple[OutputFormat, ...]:
    names = dict.fromkeys(name.strip() for name in text.split(","))
    try:
        return tuple(OutputFormat(name) for name in names)
    except ValueError as error:
        raise InvalidRequest(f"formats may name {', '.join(OutputFormat)}, with commas.") from error


def build_spec(
    namespace: str, name: str, recording: Recording, delivery: Delivery
) -> TranscriptionJobSpec:
    """Return the spec of the TranscriptionJob that a request asks for."""
    spec = TranscriptionJobSpec(
        source=Source(
            key=audio_key(namespace, name, delivery.file_name or ""), file_name=delivery.file_name
        ),
        model=recording.model,
        task=recording.task,
        language=recording.language,
        initial_prompt=recording.initial_prompt,
        word_timestamps=recording.word_timestamps,
        notifications=delivery.notifications,
    )
    return (
        spec
        if recording.formats is None
        else spec.model_copy(update={"formats": recording.formats})
    )
