"""What a client asks for in POST /v1/audio/transcriptions and /translations, read from the form.

Fields are checked one by one as soon as they are there, which spares a client whose model does not
exist the upload, and together once all have come. Fields that OpenAI does not document are ignored.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from waas_api.errors import InvalidField, UnknownLanguage, UnknownModel
from waas_api.intake.transcription_request import Order, parse_recording
from waas_contract.languages import parse_language
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions

WHISPER_1 = "whisper-1"
"""The one model of OpenAI's API that is an open checkpoint: the name that its clients send."""

_LONGEST_PROMPT = 2000  # TranscriptionRequest.initial_prompt; Whisper heeds the last 224 tokens
_LONGEST_FILE_NAME = 255
OF_OTHER_MODELS = (
    "include",
    "known_speaker_names",
    "known_speaker_references",
    "chunking_strategy[type]",
)

_OF_TRANSLATIONS = ("model", "prompt", "response_format", "temperature")

Fields = Mapping[str, Sequence[str]]
_Choice = TypeVar("_Choice", bound=StrEnum)


class ResponseFormat(StrEnum):
    """The forms of an answer."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"


class Granularity(StrEnum):
    """What verbose_json has times of."""

    WORD = "word"
    SEGMENT = "segment"


@dataclass(frozen=True)
class Models:
    """The models that may be asked for, and the two that have a role."""

    names: Collection[str]
    default: str
    whisper_1: str
    """What `whisper-1` stands for."""

    def find(self, name: str) -> str:
        """Return the service's own name of a model, or raise UnknownModel."""
        if name in self.names:
            return name
        if name == WHISPER_1:
            return self.whisper_1
        raise UnknownModel(
            f"The model `{name}` does not exist or you do not have access to it. "
            "GET /v1/models lists those that there are."
        )


@dataclass(frozen=True)
class Choices:
    """The fields, each understood for itself."""

    model: str
    language: str | None
    prompt: str | None
    response_format: ResponseFormat
    temperature: float
    granularities: frozenset[Granularity]
    is_streamed: bool


@dataclass(frozen=True)
class AudioRequest:
    """What is asked for, and how the answer looks."""

    order: Order
    response_format: ResponseFormat
    granularities: frozenset[Granularity]
    is_streamed: bool


def read_choices(fields: Fields, task: Task, models: Models) -> Choices:
    """Return what the fields say that have come so far."""
    known = _keep_known(fields, task)
    for name in OF_OTHER_MODELS:
        if _values(known, name):
            raise InvalidField(
                name, f"`{name}` is not supported: it belongs to models that are not Whisper."
            )
    if _last(known, "chunking_strategy") not in (None, "auto"):
        raise InvalidField("chunking_strategy", "`chunking_strategy` may be auto alone.")
    prompt = _last(known, "prompt")
    return Choices(
        model=models.find(_last(known, "model") or models.default),
        language=_read_language(_last(known, "language")),
        prompt=prompt[-_LONGEST_PROMPT:] if prompt else None,
        response_format=_read_choice(
            ResponseFormat, "response_format", _last(known, "response_format") or "json"
        ),
        temperature=_read_temperature(_last(known, "temperature") or "0"),
        granularities=frozenset(
            _read_choice(Granularity, "timestamp_granularities", value)
            for value in _values(known, "timestamp_granularities")
        ),
        is_streamed=_read_flag("stream", _last(known, "stream") or "false"),
    )


def parse_audio_request(
    fields: Fields, task: Task, models: Models, *, file_name: str | None, ttl_seconds: int
) -> AudioRequest:
    """Return what a whole form asks for."""
    choices = read_choices(fields, task, models)
    is_verbose = choices.response_format is ResponseFormat.VERBOSE_JSON
    if choices.granularities and not is_verbose:
        raise InvalidField(
            "timestamp_granularities",
            "`timestamp_granularities` needs the response_format verbose_json.",
        )
    if choices.is_streamed and choices.response_format not in (
        ResponseFormat.JSON,
        ResponseFormat.TEXT,
    ):
        raise InvalidField("stream", "`stream` needs the response_format json or text.")
    query = {"model": choices.model, "task": task.value, "language": choices.language or ""}
    recording = parse_recording(query, models=models.names, default_model=models.default)
    request = recording.model_copy(
        update={
            "initial_prompt": choices.prompt,
            "word_timestamps": Granularity.WORD in choices.granularities,
            "decoding": DecodingOptions(temperature=choices.temperature)
            if choices.temperature
            else None,
            # Whatever is asked for is rendered from the transcript.
            "formats": (),
            "ttl_seconds_after_finished": ttl_seconds,
        }
    )
    return AudioRequest(
        order=Order(request, file_name=file_name[:_LONGEST_FILE_NAME] if file_name else None),
        response_format=choices.response_format,
        granularities=choices.granularities or frozenset({Granularity.SEGMENT}),
        is_streamed=choices.is_streamed,
    )


def _keep_known(fields: Fields, task: Task) -> Fields:
    """Return what OpenAI documents for the task; a translation has no language, for one."""
    if task is Task.TRANSCRIBE:
        return fields
    return {name: fields[name] for name in _OF_TRANSLATIONS if name in fields}


def _values(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the values of a list, under its name or as OpenAI's clients spell it."""
    return (*fields.get(name, ()), *fields.get(f"{name}[]", ()))


def _last(fields: Fields, name: str) -> str | None:
    values = fields.get(name)
    return values[-1].strip() or None if values else None


def _read_language(text: str | None) -> str | None:
    if text is None:
        return None
    language = parse_language(text)
    if language is None:
        raise UnknownLanguage(
            f"Language '{text}' is not supported. Give its ISO-639-1 code or English name, "
            "for example no or norwegian; without one it is detected."
        )
    return language


def _read_choice(choices: type[_Choice], name: str, text: str) -> _Choice:
    try:
        return choices(text)
    except ValueError as error:
        raise InvalidField(
            name,
            f"`{name}` cannot be '{text}': choose from {', '.join(choices)}.",
            code="unsupported_value",
        ) from error


def _read_temperature(text: str) -> float:
    try:
        temperature = float(text)
    except ValueError:
        temperature = -1
    if not 0 <= temperature <= 1:
        raise InvalidField("temperature", "`temperature` must be a number from 0 to 1.")
    return temperature


def _read_flag(name: str, text: str) -> bool:
    lowered = text.lower()
    if lowered not in ("true", "false", "1", "0"):
        raise InvalidField(name, f"`{name}` must be true or false.")
    return lowered in ("true", "1")
