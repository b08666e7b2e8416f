"""Label selectors as Kubernetes has them: `app=web,tier!=cache,env in (a, b),!canary`.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from waas_api.errors import InvalidRequest

_KEY = r"(?:[a-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
_EXISTS = re.compile(rf"(?P<not>!?)\s*(?P<key>{_KEY})")
_EQUALS = re.compile(rf"(?P<key>{_KEY})\s*(?P<operator>==?|!=)\s*(?P<value>{_VALUE})")
_IN = re.compile(rf"(?P<key>{_KEY})\s+(?P<not>not)?in\s*\((?P<values>[^()]*)\)")
_COMMA = re.compile(r",(?![^()]*\))")
_LONGEST = 1000


@dataclass(frozen=True)
class Requirement:
    """One of the parts, all of which must hold."""

    key: str
    values: frozenset[str] | None
    """Any of these; None for any at all."""

    is_negated: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Tell whether it is so; what lacks the key is unlike every value."""
        value = labels.get(self.key)
        has_it = value is not None and (self.values is None or value in self.values)
        return has_it != self.is_negated


def parse_selector(text: str) -> tuple[Requirement, ...]:
    """Return the requirements of a label selector, or raise InvalidRequest."""
    if len(text) > _LONGEST:
        raise InvalidRequest(f"label_selector is longer than {_LONGEST} characters.")
    if not text.strip():
        return ()
    return tuple(_parse_requirement(part.strip()) for part in _COMMA.split(text))


def _parse_requirement(part: str) -> Requirement:
    if found := _IN.fullmatch(part):
        values = [value.strip() for value in found["values"].split(",")]
        if all(re.fullmatch(_VALUE, value) for value in values):
            return Requirement(found["key"], frozenset(values), found["not"] is not None)
    elif found := _EQUALS.fullmatch(part):
        return Requirement(found["key"], frozenset((found["value"],)), found["operator"] == "!=")
    elif found := _EXISTS.fullmatch(part):
        return Requirement(found["key"], None, found["not"] == "!")
    raise InvalidRequest(
        f"label_selector cannot be read at {part!r}: write for example "
        "'project=news,year in (2025, 2026),!draft'."
    )
