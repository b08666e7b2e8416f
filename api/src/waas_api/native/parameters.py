"""The short form of a request: names and values of a query, a form or an upload's metadata."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from waas_api.errors import Fault, InvalidRequest

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "file_name": ("fileName",),
    "model": ("model",),
    "language": ("language",),
    "task": ("task",),
    "formats": ("formats",),
    "prompt": ("initialPrompt",),
    "word_timestamps": ("wordTimestamps",),
    "speakers_by_channel": ("speakersByChannel",),
    "temperature": ("decoding", "temperature"),
    "beam_size": ("decoding", "beamSize"),
    "hotwords": ("decoding", "hotwords"),
    "max_line_width": ("subtitles", "maxLineWidth"),
    "max_line_count": ("subtitles", "maxLineCount"),
    "max_cue_seconds": ("subtitles", "maxCueSeconds"),
    "profile": ("profile",),
    "priority": ("priority",),
    "queue_name": ("queueName",),
    "suspend": ("suspend",),
    "active_deadline_seconds": ("activeDeadlineSeconds",),
    "queue_deadline_seconds": ("queueDeadlineSeconds",),
    "ttl_seconds_after_finished": ("ttlSecondsAfterFinished",),
    "ttl_seconds_after_failure": ("ttlSecondsAfterFailure",),
}
"""Where in the JSON form each stands."""

_LABEL = "label"
_REQUEST = "request"
_NAMES = (*PARAMETERS, _LABEL, _REQUEST)
_LISTS = ("formats",)


def read_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the JSON form of a request in the short one.

    `request` holds the JSON form of all that has no short name; `label` is `key=value`, as often as
    there are labels. What is empty counts as absent.
    """
    given = [(name, value) for name, value in pairs if value]
    if misnamed := list(_find_misnamed(given)):
        raise InvalidRequest(_explain(misnamed), faults=misnamed)
    faults: list[Fault] = []
    read: dict[str, Any] = {}
    for name, value in given:
        if name == _REQUEST:
            read = parse_json_object(value, field=_REQUEST)
    for name, value in given:
        if name in PARAMETERS:
            path = PARAMETERS[name]
            content = _split_names(value) if name in _LISTS else value
            if not _put(read, path, content):
                faults.append(Fault(name, f"`request` has {'.'.join(path)} already; give it once"))
        elif name == _LABEL:
            key, _, text = value.partition("=")
            if not _put(read, ("labels", key), text):
                faults.append(Fault(name, f"the label {key!r} comes twice; give it once"))
    if faults:
        raise InvalidRequest(_explain(faults), faults=faults)
    return read


def parse_json_object(text: str | bytes, *, field: str) -> dict[str, Any]:
    """Return the JSON object in a text; `field` is what a client knows the text by."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"The {field} is no JSON.", faults=[Fault(field, "a JSON object")]
        ) from error
    if not isinstance(value, dict):
        raise InvalidRequest(
            f"The {field} is no JSON object.", faults=[Fault(field, "a JSON object")]
        )
    return value


def _find_misnamed(given: list[tuple[str, str]]) -> Iterable[Fault]:
    names = [name for name, _ in given]
    for name in dict.fromkeys(names):
        if name not in _NAMES:
            yield Fault(name, f"there is no such parameter: choose from {', '.join(_NAMES)}")
        elif names.count(name) > 1 and name != _LABEL:
            yield Fault(name, "give it once")


def _put(request: dict[str, Any], path: tuple[str, ...], value: object) -> bool:
    """Set a field that is not there yet; tells whether it was so."""
    for name in path[:-1]:
        request = request.setdefault(name, {})
        if not isinstance(request, dict):
            return False
    if path[-1] in request:
        return False
    request[path[-1]] = value
    return True


def _split_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _explain(faults: list[Fault]) -> str:
    return "; ".join(f"{each.field}: {each.detail}" for each in faults) + "."
