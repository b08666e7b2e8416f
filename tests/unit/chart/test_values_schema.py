"""The schema and the table that `make generate` derives from values.yaml."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from chart_values import ValueUntold, build_schema, render_table

from support.chart import CHART


def properties(values: str) -> dict[str, Any]:
    found: dict[str, Any] = build_schema(values)["properties"]
    del found["global"]
    return found


CASES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "a default tells the type, a comment what it is for",
        "# How many.\nreplicas: 1",
        {"replicas": {"type": "integer", "description": "How many."}},
    ),
    (
        "a line of the comment tells more",
        "# How many.\n# @schema {minimum: 0}\nreplicas: 1",
        {"replicas": {"type": "integer", "description": "How many.", "minimum": 0}},
    ),
    (
        "a shape by its name",
        "# @schema quantity\nsize: 1Gi",
        {"size": {"$ref": "#/$defs/quantity"}},
    ),
    (
        "a map takes its members and no others",
        "a:\n  b: true",
        {
            "a": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"b": {"type": "boolean"}},
            }
        },
    ),
    (
        "members that may be null",
        "# @schema {nullableMembers: true}\na:\n  # @schema {enum: [x]}\n  b: x\n  c: 1",
        {
            "a": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"b": {"enum": ["x", None]}, "c": {"type": ["integer", "null"]}},
            }
        },
    ),
    (
        "a list is like its first item",
        "# @schema {required: [name]}\na:\n  - # Its name.\n    name: x",
        {
            "a": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"name": {"type": "string", "description": "Its name."}},
                    "required": ["name"],
                },
            }
        },
    ),
    (
        "neighbours share a comment, and not what it says of their shape",
        "# Both.\n# @schema {minimum: 1}\na: 1\nb: 2",
        {
            "a": {"type": "integer", "description": "Both.", "minimum": 1},
            "b": {"type": "integer", "description": "Both."},
        },
    ),
]


@pytest.mark.parametrize(
    ("values", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_schema_is_what_values_say(values: str, expected: dict[str, Any]) -> None:
    assert properties(values) == expected


@pytest.mark.parametrize("values", ["a: null", "a: []", "a: {}"])
def test_value_that_tells_nothing_is_refused(values: str) -> None:
    with pytest.raises(ValueUntold, match=r"^a: its default does not tell"):
        build_schema(values)


def test_shape_that_is_none_is_refused() -> None:
    with pytest.raises(ValueUntold, match=r"there is no shape 'volume'"):
        build_schema("# @schema volume\na: 1")


def test_table_has_a_row_for_each_value() -> None:
    values = "# The programs.\na:\n  # How many.\n  b: 1\n# Any of x|y.\nc: x|y"

    assert render_table(values).splitlines()[2:] == [
        "| `a` |  | The programs. |",
        "| `a.b` | `1` | How many. |",
        '| `c` | `"x\\|y"` | Any of x\\|y. |',
    ]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield each schema of a map, wherever it is."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for each in schema.values():
            yield from objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects(each)


def test_map_with_known_members_refuses_others() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    known = [each for each in objects(schema) if each.get("properties")]
    assert len(known) > 20
    assert all(each["additionalProperties"] is False for each in known)
