"""What the chart derives from its values.yaml: the schema, and a table for people. Pure.

Each value says what it is by its default, the comment above it and, where a default cannot tell, a
line of that comment:

    # How many run at once.
    # @schema {minimum: 0}
    replicas: 1

After `@schema` comes JSON Schema in YAML's flow style, or the name of a shape of chart_shapes. A
map that has members takes these and no others; `nullableMembers: true` lets each of them be null. A
list is like its first item; the names in `required` are that item's. Neighbours without a comment
of their own share the one above them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from chart_shapes import SHAPES

Schema = dict[str, Any]

_MARK = "@schema"
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
# Of an item of a list, not of the list.
_OF_ITEMS = ("required",)


class ValueUntold(Exception):
    """A value that says too little about itself."""


@dataclass(frozen=True)
class Comment:
    """What is said about one value."""

    text: str
    schema: Schema


def build_schema(values_yaml: str) -> Schema:
    """Returns the JSON Schema of the values, which refuses any that it does not know."""
    root = _object(_compose(values_yaml), values_yaml.splitlines(), "")
    # Helm gives it to each chart that is a part of a larger one.
    shared = {"type": "object", "description": "Shared with other charts; not used here."}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the waas chart",
    }
    properties = {"global": shared, **root["properties"]}
    return {**head, **root, "properties": properties, "$defs": dict(sorted(SHAPES.items()))}


def render_schema(values_yaml: str) -> str:
    """Returns the schema as the chart holds it."""
    return json.dumps(build_schema(values_yaml), indent=2, ensure_ascii=False) + "\n"


def render_table(values_yaml: str) -> str:
    """Returns a page in Markdown with every value, its default and what it is for."""
    defaults = yaml.safe_load(values_yaml)
    rows = [
        f"| `{path}` | {_in_cell(default)} | {_escaped(text)} |"
        for path, default, text in _rows(build_schema(values_yaml), defaults, "")
    ]
    return "\n".join(["| Value | Default | What it is for |", "| --- | --- | --- |", *rows, ""])


def _compose(text: str) -> yaml.MappingNode:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise ValueUntold("values.yaml holds no map")
    return node


def _object(node: yaml.MappingNode, lines: list[str], path: str) -> Schema:
    properties: dict[str, Schema] = {}
    shared = ""
    for key, value in node.value:
        said = _read_comment(lines, key.start_mark.line, key.start_mark.column)
        is_section = isinstance(value, yaml.MappingNode) and bool(value.value)
        if not (said.text or is_section):
            said = Comment(shared, said.schema)
        properties[key.value] = _value(value, said, lines, f"{path}.{key.value}".lstrip("."))
        shared = "" if is_section else said.text
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _value(node: yaml.Node, said: Comment, lines: list[str], path: str) -> Schema:
    words = {"description": said.text} if said.text else {}
    if "$ref" in said.schema:
        return {**words, **said.schema}
    told = dict(said.schema)
    nullable_members = told.pop("nullableMembers", False)
    inferred = _infer(node, told, lines, path)
    if nullable_members:
        inferred["properties"] = {
            name: _or_null(each) for name, each in inferred["properties"].items()
        }
    return {**words, **inferred, **told}


def _infer(node: yaml.Node, told: Schema, lines: list[str], path: str) -> Schema:
    """Returns what the default tells; takes out of `told` what is about items."""
    if isinstance(node, yaml.MappingNode) and node.value and "additionalProperties" not in told:
        return _object(node, lines, path)
    if isinstance(node, yaml.SequenceNode) and node.value and "items" not in told:
        [first, *_] = node.value
        item = _value(first, Comment("", {}), lines, f"{path}[]")
        item |= {name: told.pop(name) for name in _OF_ITEMS if name in told}
        return {"type": "array", "items": item}
    if "type" in told or "enum" in told:
        return {}
    if isinstance(node, yaml.SequenceNode) and "items" in told:
        return {"type": "array"}
    if isinstance(node, yaml.MappingNode) and "additionalProperties" in told:
        return {"type": "object"}
    if isinstance(node, yaml.ScalarNode):
        default = yaml.safe_load(yaml.serialize(node))
        if type(default) in _JSON_TYPES:
            return {"type": _JSON_TYPES[type(default)]}
    raise ValueUntold(f"{path}: its default does not tell what it may be; add `# {_MARK} …`")


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "$ref" in schema:
        reference = {"$ref": schema["$ref"]}
        rest = {name: each for name, each in schema.items() if name != "$ref"}
        return {**rest, "anyOf": [reference, {"type": "null"}]}
    types = schema["type"]
    known = types if isinstance(types, list) else [types]
    return {**schema, "type": [*known, *({"null"} - set(known))]}


def _read_comment(lines: list[str], line: int, column: int) -> Comment:
    """Returns the comment right above a key, or above it behind a list's dash."""
    found: list[str] = []
    for above in reversed(lines[:line]):
        behind_dash = above[:column].strip() in ("", "-")
        if not (behind_dash and above[column:].startswith("#")):
            break
        found.insert(0, above[column:].lstrip("#").strip())
    text, _, marked = "\n".join(found).partition(_MARK)
    return Comment(" ".join(text.split()), _expand(yaml.safe_load(marked) if marked else {}))


def _expand(told: object) -> Schema:
    """Returns JSON Schema, where the names of shapes stand for references to them."""
    if isinstance(told, str):
        if told not in SHAPES:
            raise ValueUntold(f"there is no shape {told!r}, only {', '.join(sorted(SHAPES))}")
        return {"$ref": f"#/$defs/{told}"}
    if not isinstance(told, dict):
        raise ValueUntold(f"`{_MARK} {told}` is neither JSON Schema nor a shape's name")
    schema = dict(told)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), str | dict):
            schema[name] = _expand(schema[name])
    if "properties" in schema:
        schema["properties"] = {name: _expand(each) for name, each in schema["properties"].items()}
    return schema


def _rows(schema: Schema, default: object, path: str) -> Iterator[tuple[str, object, str]]:
    """Yields path, default and words of each value, with the members of maps in their own rows."""
    text = schema.get("description", "")
    members = schema.get("properties")
    if isinstance(default, list) and default and "properties" in schema.get("items", {}):
        yield path, _REST, text
        yield from _rows(schema["items"], default[0], f"{path}[]")
    elif members and isinstance(default, Mapping) and default:
        if text:
            yield path, _REST, text
        for name, each in members.items():
            if name in default:
                yield from _rows(each, default[name], f"{path}.{name}".lstrip("."))
    elif path:
        yield path, default, text


# Where the members have rows of their own.
_REST = object()


def _in_cell(default: object) -> str:
    if default is _REST:
        return ""
    return f"`{_escaped(json.dumps(default, ensure_ascii=False))}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
