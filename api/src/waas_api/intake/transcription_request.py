"""What a client asks for, and how POST /v1/transcribe says it in its query.

The texts are the old service's where it had the check, and the checks come in its order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from waas_api.errors import (
    EnglishOnly,
    InvalidRequest,
    UnknownLanguage,
    UnknownModel,
    UnknownTask,
    UnknownWebhook,
)
from waas_contract.languages import parse_language
from waas_contract.models import is_english_only
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import (
    Notifications,
    Source,
    Task,
    TranscriptionJobSpec,
    TranscriptionRequest,
)

_LONGEST_FILE_NAME = 255  # Source.file_name and every usual file system
_LONGEST_EMAIL = 254  # RFC 5321: a path is 256 with its angle brackets

_MULTILINGUAL = "choose a model whose name does not end in .en"

_TASKS = (Task.TRANSCRIBE, Task.TRANSLATE)
"""What `task` may name on the old routes, which detect languages by one of their own."""

_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Order:
    """A transcription that somebody asks for, before it has a name and its audio a place."""

    request: TranscriptionRequest
    file_name: str | None = None
    """The name that the person who sends it knows the recording by."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the TranscriptionJob."""

    source: Source | None = None
    """The object that is the recording, where that is in storage already."""

    def of(self, owner: str | None) -> "Order":
        """Return the order as somebody's own."""
        return replace(self, request=self.request.model_copy(update={"owner": owner}))


def parse_recording(
    query: Mapping[str, str],
    *,
    models: Collection[str],
    default_model: str,
    tasks: Collection[Task] = _TASKS,
) -> TranscriptionRequest:
    """Return how the speech is to be heard, checked as far as the query can tell."""
    model = query.get("model", default_model)
    if model not in models:
        raise UnknownModel("Model not available")
    language = None
    if query.get("language"):
        language = parse_language(query["language"])
        if language is None:
            raise UnknownLanguage("Language not supported")
    if query.get("task", Task.TRANSCRIBE) not in tasks:
        raise UnknownTask("Task not supported")
    task = Task(query.get("task", Task.TRANSCRIBE))
    if is_english_only(model):
        if language not in (None, "en"):
            raise EnglishOnly(f"Language not supported by this model: {_MULTILINGUAL}")
        if task is not Task.TRANSCRIBE:
            raise EnglishOnly(f"Task not supported by this model: {_MULTILINGUAL}")
    return TranscriptionRequest(model=model, task=task, language=language)


def parse_detection(
    query: Mapping[str, str], *, models: Collection[str], default_model: str
) -> str:
    """Return the model that is to tell a language.

    The other parameters change nothing, and are checked all the same, as they always were; who
    would be told is not asked, for the answer comes at once.
    """
    model = parse_recording(query, models=models, default_model=default_model).model
    if is_english_only(model):
        # It would call everything English.
        raise EnglishOnly(f"Language not detected by this model: {_MULTILINGUAL}")
    return model


def is_form(content_type: str) -> bool:
    """Tell whether a body of this type is a form, which the service does not unpack."""
    return content_type.partition(";")[0].strip().lower() in _FORM_TYPES


def parse_order(
    recording: TranscriptionRequest,
    query: Mapping[str, str],
    *,
    webhook_ids: Collection[str],
    callback_required: bool,
) -> Order:
    """Return the recording with its name and with who is told of its end.

    The values are unquoted once more than the query's encoding asks for: the old service's page
    encoded them twice, and its clients learnt from it.
    """
    email, webhook_id, file_name = (
        unquote(query[name]) if name in query else None
        for name in ("email_callback", "webhook_id", "filename")
    )
    if callback_required and email is None and webhook_id is None:
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
    return Order(
        request=recording.model_copy(update={"notifications": notifications}),
        file_name=file_name[:_LONGEST_FILE_NAME] if file_name else None,
    )


def build_spec(
    namespace: str, name: str, order: Order, upload: str | None = None
) -> TranscriptionJobSpec:
    """Return the spec of the TranscriptionJob that an order asks for, its audio in its place.

    `upload` keeps several uploads for one job apart.
    """
    key = audio_key(namespace, name, order.file_name or "", upload)
    source = order.source or Source(key=key, file_name=order.file_name)
    return TranscriptionJobSpec.of(order.request, source)
