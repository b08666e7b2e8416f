"""What a client asks for in POST /v2/jobs, in the JSON form that all other forms become.

A field that nobody knows is refused: who misspells one would get a transcript of another kind.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from waas_api.errors import Fault, InvalidRequest, UnknownWebhook
from waas_api.intake.transcription_request import Order, parse_recording
from waas_api.jobs.labels import find_label_faults
from waas_api.native.parameters import PARAMETERS
from waas_contract.transcription_job import (
    Source,
    Task,
    TranscriptionRequest,
)
from waas_contract.wire import WireModel

NOT_THE_CLIENTS = ("owner", "retry_of", "cancelled")
"""What the login and other routes decide."""

_OWN_FIELDS = ("fileName", "labels", "source")
_SPEECH_FIELDS = ("model", "language", "task")
_LONGEST_FILE_NAME = 255  # Source.file_name and every usual file system
_LONGEST_URL = 2048
_PARAMETERS_BY_PATH = {".".join(path): name for name, path in PARAMETERS.items()}


@dataclass(frozen=True)
class Choices:
    """What an administrator lets clients choose from."""

    models: Collection[str]
    default_model: str
    webhook_ids: Collection[str]


@dataclass(frozen=True)
class Asked:
    """A request of the native API."""

    order: Order
    source_url: str | None = None
    """Where the recording is to be fetched from."""

    source: Source | None = None
    """The object that is the recording already."""


def parse_asked(
    given: Mapping[str, Any], choices: Choices, *, takes_source: bool, short_names: bool = False
) -> Asked:
    """Return what is asked for, or raise InvalidRequest with every field that does not fit.

    With `short_names`, fields are called as in a query.
    """
    faults = list(_find_faults(given, takes_source=takes_source))
    if faults:
        raise _refuse(faults, short_names=short_names)
    rest = {name: each for name, each in given.items() if name not in _OWN_FIELDS}
    speech = {name: rest.pop(name) for name in _SPEECH_FIELDS if rest.get(name) is not None}
    recording = _parse_speech(speech, choices)
    request, faults = _validate(TranscriptionRequest, rest)
    if request is None:
        raise _refuse(faults, short_names=short_names)
    _check_webhook(request, choices)
    updates: dict[str, object] = {
        name: getattr(recording, name) for name in recording.model_fields_set
    }
    if "formats" in request.model_fields_set:
        updates["formats"] = tuple(dict.fromkeys(request.formats))
    order = Order(
        request.model_copy(update=updates), given.get("fileName") or None, given.get("labels") or {}
    )
    return _with_source(order, given.get("source"))


def _find_faults(given: Mapping[str, Any], *, takes_source: bool) -> Iterator[Fault]:
    own = _OWN_FIELDS if takes_source else tuple(set(_OWN_FIELDS) - {"source"})
    yield from _find_unknown(TranscriptionRequest, given, beside=own, without=NOT_THE_CLIENTS)
    for name in (*_SPEECH_FIELDS, "fileName"):
        if not isinstance(given.get(name, ""), str | None):
            yield Fault(name, "a string")
    file_name = given.get("fileName")
    if isinstance(file_name, str) and len(file_name) > _LONGEST_FILE_NAME:
        yield Fault("fileName", f"at most {_LONGEST_FILE_NAME} characters")
    labels = given.get("labels") or {}
    if isinstance(labels, dict) and all(isinstance(each, str) for each in labels.values()):
        yield from find_label_faults(labels)
    else:
        yield Fault("labels", "an object whose values are strings")
    if takes_source:
        yield from _find_source_faults(given.get("source"))


def _find_unknown(
    model: type[WireModel],
    given: Mapping[str, Any],
    *,
    place: str = "",
    beside: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
) -> Iterator[Fault]:
    """Yield the fields that a model lacks, those within its fields included."""
    fields = {
        field.alias or name: field
        for name, field in model.model_fields.items()
        if name not in without
    }
    known = (*sorted(beside), *fields)
    for name, value in given.items():
        if name not in known:
            yield Fault(f"{place}{name}", f"there is no such field: choose from {', '.join(known)}")
        elif name in fields and isinstance(value, dict):
            for inner in get_args(fields[name].annotation):
                if isinstance(inner, type) and issubclass(inner, WireModel):
                    yield from _find_unknown(inner, value, place=f"{place}{name}.")


def _find_source_faults(source: object) -> Iterator[Fault]:
    if not isinstance(source, dict):
        yield Fault("source", "an object with url, or with key and, if need be, bucket")
        return
    for name, value in source.items():
        if name not in ("url", "key", "bucket"):
            yield Fault(f"source.{name}", "there is no such field: choose from url, key, bucket")
        elif not isinstance(value, str) or not value:
            yield Fault(f"source.{name}", "a string that is not empty")
    if ("url" in source) == ("key" in source):
        yield Fault("source", "either url or key")
    elif "url" in source and "bucket" in source:
        yield Fault("source.bucket", "goes with key, not with url")
    if len(str(source.get("url", ""))) > _LONGEST_URL:
        yield Fault("source.url", f"at most {_LONGEST_URL} characters")
    if "key" in source and "url" not in source:
        _, faults = _validate(Source, {name: source[name] for name in source if name != "url"})
        yield from (Fault(f"source.{each.field}", each.detail) for each in faults)


def _parse_speech(given: Mapping[str, str], choices: Choices) -> TranscriptionRequest:
    """Return what depends on the models, in the words that all ways in have for it."""
    try:
        return parse_recording(
            given, models=choices.models, default_model=choices.default_model, tasks=tuple(Task)
        )
    except InvalidRequest as error:
        kinds = {"UnknownLanguage": "language", "UnknownTask": "task"}
        field = kinds.get(type(error).__name__, "model")
        fitting = {
            "language": "a language's English name or code; leave it out to have it detected",
            "task": "transcribe, translate or detect",
            "model": f"choose from {', '.join(choices.models)}",
        }
        raise type(error)(str(error), faults=[Fault(field, fitting[field])]) from error


def _validate(
    model: type[TranscriptionRequest] | type[Source], given: Mapping[str, Any]
) -> tuple[Any, list[Fault]]:
    try:
        return model.model_validate(given), []
    except ValidationError as error:
        return None, [_tell(each) for each in error.errors(include_url=False)]


def _tell(error: ErrorDetails) -> Fault:
    place = ".".join(str(each) for each in error["loc"])
    return Fault(place, error["msg"].removeprefix("Input should be "))


def _check_webhook(request: TranscriptionRequest, choices: Choices) -> None:
    webhook_id = request.notifications.webhook_id if request.notifications else None
    if webhook_id is not None and webhook_id not in choices.webhook_ids:
        fault = Fault("notifications.webhookId", "an id from the administrator's list")
        raise UnknownWebhook("There is no such webhook.", faults=[fault])


def _with_source(order: Order, source: Mapping[str, str] | None) -> Asked:
    if source is None:
        return Asked(order)
    if "url" in source:
        return Asked(order, source_url=source["url"])
    found = Source(bucket=source.get("bucket"), key=source["key"], file_name=order.file_name)
    return Asked(order, source=found)


def _refuse(faults: list[Fault], *, short_names: bool) -> InvalidRequest:
    if short_names:
        faults = [Fault(_PARAMETERS_BY_PATH.get(f.field, f.field), f.detail) for f in faults]
    text = "; ".join(f"{each.field}: {each.detail}" for each in faults)
    return InvalidRequest(f"{text}.", faults=faults)
