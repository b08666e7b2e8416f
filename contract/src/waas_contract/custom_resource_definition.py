"""Renders the CustomResourceDefinition from the models.

Pydantic speaks JSON Schema with references and unions with null; the API server wants a
structural schema (KEP-1693) without either, and rules that cross fields in CEL (KEP-2876).
"""

from typing import Any

from waas_contract.job_status import Condition, TranscriptionJobStatus
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    MUTABLE_SPEC_FIELDS,
    PLURAL,
    VERSION,
    TranscriptionJobSpec,
)
from waas_contract.wire import WireModel

Schema = dict[str, Any]

_DROPPED_KEYWORDS = ("title", "$defs", "additionalProperties")

NAME_RULES: list[Schema] = [
    {
        # The name is also a label's value and a host name, hence RFC 1123's limit for a label.
        "rule": "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",
        "message": "metadata.name must be at most 63 lower-case letters, digits and hyphens",
    },
]

SOURCE_RULES: list[Schema] = [
    {
        "rule": "!self.key.startsWith('/') && !self.key.matches('(^|/)[.]{0,2}(/|$)')",
        "message": "key must name an object: no outer '/' and no empty, '.' or '..' part",
        "fieldPath": ".key",
    },
    {
        "rule": "!self.key.matches('[[:cntrl:]]')",
        "message": "key must not hold control characters",
        "fieldPath": ".key",
    },
]

CANCELLED_RULES: list[Schema] = [
    {"rule": "self || !oldSelf", "message": "cancelled cannot be taken back"},
]

SPEC_RULES: list[Schema] = [
    {
        "rule": "self.task == 'transcribe' || !self.model.endsWith('.en')",
        "message": "this task needs a multilingual model, not one whose name ends in '.en'",
        "fieldPath": ".task",
    },
    {
        "rule": "!(self.model.endsWith('.en') && has(self.language) && self.language != 'en')",
        "message": "language must be 'en' for a model whose name ends in '.en'",
        "fieldPath": ".language",
    },
    {
        "rule": (
            "!has(self.decoding) || !has(self.decoding.patience) || has(self.decoding.beamSize)"
        ),
        "message": "patience is the beam search's: it needs beamSize",
        "fieldPath": ".decoding",
    },
    {
        # The beam search looks at so many candidates, rounded, and needs one.
        "rule": (
            "!has(self.decoding) || !has(self.decoding.patience) || !has(self.decoding.beamSize)"
            " || double(self.decoding.beamSize) * self.decoding.patience > 0.5"
        ),
        "message": "beamSize times patience must be more than 0.5",
        "fieldPath": ".decoding",
    },
    {
        "rule": (
            "!has(self.decoding) || self.decoding.temperatureIncrementOnFallback == 0.0"
            " || self.decoding.temperatureIncrementOnFallback >= 0.01"
        ),
        "message": "temperatureIncrementOnFallback must be 0 or at least 0.01",
        "fieldPath": ".decoding",
    },
]


def _immutability_message(name: str) -> str:
    return f"{name} cannot be changed; make a new {KIND} instead"


def _immutability_rule(name: str) -> Schema:
    """Return the rule, on the whole spec, that a field is not set, changed or taken away."""
    return {
        # As few looks at fields as can be: for each the API server makes a map of all properties,
        # at every write of a status, too.
        "rule": (
            f"has(self.{name}) ? has(oldSelf.{name}) && self.{name} == oldSelf.{name}"
            f" : !has(oldSelf.{name})"
        ),
        "message": _immutability_message(name),
        "fieldPath": f".{name}",
    }


def _freeze(schema: Schema) -> list[Schema]:
    """Keep fields from being changed: those that are always there by a rule of their own.

    Returns the rules of the others.
    """
    rules = []
    for name, each in schema["properties"].items():
        if name in MUTABLE_SPEC_FIELDS:
            continue
        if name in schema["required"] or "default" in each:
            own = {"rule": "self == oldSelf", "message": _immutability_message(name)}
            each["x-kubernetes-validations"] = [*each.get("x-kubernetes-validations", ()), own]
        else:
            rules.append(_immutability_rule(name))
    return rules


def _simplify(schema: Schema, definitions: Schema) -> Schema:
    """Return the schema with references inlined and unions with null made plain."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rsplit("/", 1)[-1]]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _simplify({**target, **beside}, definitions)
    if "anyOf" in schema:
        branches = [branch for branch in schema["anyOf"] if branch.get("type") != "null"]
        beside = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        merged: Schema = {}
        for branch in branches:
            simple = _simplify(branch, definitions)
            enum = [*merged.get("enum", []), *simple.get("enum", [])]
            merged = {**merged, **simple, **({"enum": enum} if enum else {})}
        return _simplify({**merged, **beside}, definitions)
    simple = {key: value for key, value in schema.items() if key not in _DROPPED_KEYWORDS}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if simple.get(exclusive, True) is not True:
            # A number in today's JSON Schema, in Kubernetes' a word on the bound beside it.
            simple |= {bound: simple[exclusive], exclusive: True}
    if "description" in simple:
        # Kubernetes shows it on one line in `kubectl explain`.
        simple["description"] = " ".join(simple["description"].split())
    if "properties" in simple:
        simple["properties"] = {
            name: _simplify(each, definitions) for name, each in simple["properties"].items()
        }
    if "items" in simple:
        simple["items"] = _simplify(simple["items"], definitions)
    return simple


def _schema_of(model: type[WireModel]) -> Schema:
    schema = model.model_json_schema(by_alias=True)
    return _simplify(schema, schema.get("$defs", {}))


def _build_spec_schema() -> Schema:
    schema = _schema_of(TranscriptionJobSpec)
    properties = schema["properties"]
    properties["source"]["x-kubernetes-validations"] = SOURCE_RULES
    properties["cancelled"]["x-kubernetes-validations"] = CANCELLED_RULES
    properties["formats"]["x-kubernetes-list-type"] = "set"
    schema["x-kubernetes-validations"] = [*SPEC_RULES, *_freeze(schema)]
    return schema


def _build_status_schema() -> Schema:
    schema = _schema_of(TranscriptionJobStatus)
    conditions = schema["properties"]["conditions"]
    conditions["items"] = _schema_of(Condition)
    conditions["x-kubernetes-list-type"] = "map"
    conditions["x-kubernetes-list-map-keys"] = ["type"]
    return _loosen(schema)


def _loosen(schema: Schema) -> Schema:
    """Drop defaults and enumerations.

    The operator writes the whole status, so the API server adds nothing to it; and a new release
    may say a new word while the CustomResourceDefinition is still the old one.
    """
    loose: Schema = {key: value for key, value in schema.items() if key not in ("default", "enum")}
    if "properties" in loose:
        loose["properties"] = {name: _loosen(each) for name, each in loose["properties"].items()}
    if "items" in loose:
        loose["items"] = _loosen(loose["items"])
    return loose


def _column(name: str, json_path: str, *, type_: str = "string", is_wide: bool = False) -> Schema:
    column: Schema = {"name": name, "type": type_, "jsonPath": json_path}
    return {**column, "priority": 1} if is_wide else column


def _build_columns() -> list[Schema]:
    succeeded = '.status.conditions[?(@.type=="Succeeded")]'
    return [
        _column("Phase", ".status.phase"),
        _column("Progress", ".status.progress.percent", type_="integer"),
        _column("Model", ".spec.model"),
        _column("Reason", f"{succeeded}.reason"),
        _column("Age", ".metadata.creationTimestamp", type_="date"),
        _column("Language", ".status.audio.language", is_wide=True),
        _column("Audio", ".status.audio.durationSeconds", type_="number", is_wide=True),
        _column("Attempts", ".status.attempts", type_="integer", is_wide=True),
        _column("Job", ".status.jobName", is_wide=True),
        _column("Message", f"{succeeded}.message", is_wide=True),
    ]


def build_custom_resource_definition() -> Schema:
    """Return the whole CustomResourceDefinition as a manifest."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{PLURAL}.{GROUP}",
            # Helm must never delete it: with it would go every record.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["tj"],
                "categories": ["waas"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "selectableFields": [
                        {"jsonPath": ".spec.model"},
                        {"jsonPath": ".status.phase"},
                    ],
                    "additionalPrinterColumns": _build_columns(),
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "description": f"{KIND} ({API_VERSION}): one recording to transcribe.",
                            "required": ["spec"],
                            "x-kubernetes-validations": NAME_RULES,
                            "properties": {
                                "apiVersion": {"type": "string"},
                                "kind": {"type": "string"},
                                "metadata": {"type": "object"},
                                "spec": _build_spec_schema(),
                                "status": _build_status_schema(),
                            },
                        }
                    },
                }
            ],
        },
    }
