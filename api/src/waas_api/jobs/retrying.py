"""What a retry asks for: what the job asked for, with what somebody changes of it."""

from collections.abc import Collection

from pydantic import ConfigDict, Field, ValidationError

from waas_api.errors import EnglishOnly, InvalidRequest, JobNotEnded, UnknownModel
from waas_api.intake.transcription_request import Order
from waas_contract.formats import OutputFormat
from waas_contract.models import is_english_only
from waas_contract.transcription_job import (
    LONGEST_TTL_SECONDS,
    LocalQueueName,
    Priority,
    Task,
    TranscriptionJob,
    TranscriptionRequest,
)
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_contract.wire import WireModel


class RetryChanges(WireModel):
    """What is asked for anew, as in the spec; what is absent stays as it was."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(default=None, json_schema_extra={"format": "model"})
    task: Task | None = None
    language: str | None = Field(default=None, json_schema_extra={"format": "language-code"})
    """null to have it detected."""

    initial_prompt: str | None = Field(default=None, max_length=2000)
    word_timestamps: bool | None = None
    speakers_by_channel: bool | None = None
    decoding: DecodingOptions | None = None
    voice_activity: VoiceActivityOptions | None = None
    subtitles: SubtitleOptions | None = None
    formats: tuple[OutputFormat, ...] | None = Field(default=None, max_length=8)
    priority: Priority | None = None
    queue_name: LocalQueueName | None = None
    ttl_seconds_after_finished: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    ttl_seconds_after_failure: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)


_OWN_TO_A_JOB = ("source", "suspend", "cancelled", "retry_of")


def order_retry(job: TranscriptionJob, changes: RetryChanges, *, models: Collection[str]) -> Order:
    """Return what to ask for; the new job belongs to whom the old one does.

    Raises:
        JobNotEnded: it may still come to a transcript.
        InvalidRequest: the changes do not fit.
    """
    if not job.phase.is_final:
        raise JobNotEnded(
            f"The job is {job.phase}. Cancel it first, and retry it once it has ended."
        )
    asked = {
        name: getattr(job.spec, name)
        for name in job.spec.model_fields_set
        if name not in _OWN_TO_A_JOB
    }
    changed = {name: getattr(changes, name) for name in changes.model_fields_set}
    # null takes back what was asked for: the default counts again.
    merged = {name: value for name, value in (asked | changed).items() if value is not None}
    try:
        request = TranscriptionRequest.model_validate({**merged, "retry_of": job.metadata.name})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidRequest(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
    _check_model(request, models)
    return Order(request, job.spec.source.file_name, job.metadata.labels)


def _check_model(request: TranscriptionRequest, models: Collection[str]) -> None:
    if request.model not in models:
        raise UnknownModel("Model not available")
    if not is_english_only(request.model):
        return
    if request.language not in (None, "en") or request.task is Task.TRANSLATE:
        raise EnglishOnly(
            f"{request.model} knows English alone: choose a model whose name does not end in .en"
        )
