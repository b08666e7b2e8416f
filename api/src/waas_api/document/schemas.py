"""JSON schemas of what the framework does not read itself."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

_REFERENCE = "#/$defs/"

Schema = dict[str, Any]


def schema_of(model: type[BaseModel], *, without: Collection[str] = ()) -> Schema:
    """Return the schema of a JSON body in one piece: a document has no room for `$defs` in it."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    whole: Schema = _inline(schema, definitions)
    for name in without:
        del whole["properties"][name]
    return whole


def admit_no_other_fields(part: Any) -> Any:
    """Return a schema with objects, on any level, that have the named fields alone."""
    if isinstance(part, list):
        return [admit_no_other_fields(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {name: admit_no_other_fields(each) for name, each in part.items()}
    if inner.get("type") == "object" and "properties" in inner:
        inner["additionalProperties"] = False
    return inner


def may_be_empty(fields: dict[str, Schema]) -> dict[str, Schema]:
    """Return the fields of a form, in which an empty one counts as absent."""
    return {
        name: field if _admits_nothing(field) else {"anyOf": [field, {"const": ""}]}
        for name, field in fields.items()
    }


def _admits_nothing(field: Schema) -> bool:
    """Tell whether a field may be an empty text, or a list without members, as it is."""
    is_any_text = field["type"] == "string" and not field.keys() & {"enum", "format", "pattern"}
    return field["type"] == "array" or is_any_text


def _inline(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inline(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if str(part.get("$ref", "")).startswith(_REFERENCE):
        found = definitions[part["$ref"].removeprefix(_REFERENCE)]
        beside = {name: each for name, each in part.items() if name != "$ref"}
        return _inline({**found, **beside}, definitions)
    return {name: _inline(each, definitions) for name, each in part.items()}
