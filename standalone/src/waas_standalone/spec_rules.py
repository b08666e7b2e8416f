"""The CustomResourceDefinition's rules in CEL, for where no API server checks them. Pure.

The sentences are the CustomResourceDefinition's own. A rule that is added there without its twin
here fails when this module is imported.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from waas_contract.custom_resource_definition import NAME_RULES, SOURCE_RULES, SPEC_RULES
from waas_contract.models import is_english_only
from waas_contract.transcription_job import Task, TranscriptionJobSpec

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_BAD_KEY_PARTS = ("", ".", "..")


def _names_an_object(spec: TranscriptionJobSpec) -> bool:
    return not any(part in _BAD_KEY_PARTS for part in spec.source.key.split("/"))


def _has_no_control_characters(spec: TranscriptionJobSpec) -> bool:
    return not re.search(r"[\x00-\x1f\x7f]", spec.source.key)


def _can_do_the_task(spec: TranscriptionJobSpec) -> bool:
    return spec.task is Task.TRANSCRIBE or not is_english_only(spec.model)


def _can_hear_the_language(spec: TranscriptionJobSpec) -> bool:
    return spec.language in (None, "en") or not is_english_only(spec.model)


def _has_a_beam_to_be_patient_with(spec: TranscriptionJobSpec) -> bool:
    decoding = spec.decoding
    return decoding is None or decoding.patience is None or decoding.beam_size is not None


def _has_a_candidate_to_look_at(spec: TranscriptionJobSpec) -> bool:
    decoding = spec.decoding
    if decoding is None or decoding.patience is None or decoding.beam_size is None:
        return True
    return decoding.beam_size * decoding.patience > 0.5


def _has_few_temperatures(spec: TranscriptionJobSpec) -> bool:
    decoding = spec.decoding
    if decoding is None:
        return True
    increment = decoding.temperature_increment_on_fallback
    return increment == 0 or increment >= 0.01


_Claim = Callable[[TranscriptionJobSpec], bool]


_CLAIMS: Mapping[str, _Claim] = {
    "!self.key.startsWith('/') && !self.key.matches('(^|/)[.]{0,2}(/|$)')": _names_an_object,
    "!self.key.matches('[[:cntrl:]]')": _has_no_control_characters,
    "self.task == 'transcribe' || !self.model.endsWith('.en')": _can_do_the_task,
    (
        "!(self.model.endsWith('.en') && has(self.language) && self.language != 'en')"
    ): _can_hear_the_language,
    (
        "!has(self.decoding) || !has(self.decoding.patience) || has(self.decoding.beamSize)"
    ): _has_a_beam_to_be_patient_with,
    (
        "!has(self.decoding) || !has(self.decoding.patience) || !has(self.decoding.beamSize)"
        " || double(self.decoding.beamSize) * self.decoding.patience > 0.5"
    ): _has_a_candidate_to_look_at,
    (
        "!has(self.decoding) || self.decoding.temperatureIncrementOnFallback == 0.0"
        " || self.decoding.temperatureIncrementOnFallback >= 0.01"
    ): _has_few_temperatures,
}
"""By the rule's own text: one that is changed there has no twin here until that is changed, too."""


def pair_rules(
    place: str, rules: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, str, _Claim], ...]:
    """Return each rule's field, its sentence and its twin; raises KeyError where it has none."""
    return tuple(
        (f"{place}{rule['fieldPath']}", rule["message"], _CLAIMS[rule["rule"]]) for rule in rules
    )


_RULES = (*pair_rules("spec.source", SOURCE_RULES), *pair_rules("spec", SPEC_RULES))
(_NAME_RULE,) = NAME_RULES


def explain_invalid(name: str, spec: TranscriptionJobSpec) -> str | None:
    """Return what an API server would find wrong, each with its field, or None."""
    broken = [f"{place}: {message}" for place, message, claim in _RULES if not claim(spec)]
    if not _NAME.fullmatch(name):
        broken.insert(0, f"metadata.name: {_NAME_RULE['message']}")
    if len(set(spec.formats)) < len(spec.formats):
        broken.append("spec.formats: each format can be named once")
    return "; ".join(broken) or None
