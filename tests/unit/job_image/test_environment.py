from pathlib import Path

import pytest

from support.job_items import make_item
from waas_contract.job_environment import JobEnvironment
from waas_job.environment import item_names, read_environment, termination_message_path
from waas_job.errors import BadConfiguration

ENVIRONMENT = JobEnvironment(items=(make_item("one"), make_item("two")), model="base")


def test_environment_is_what_the_operator_wrote() -> None:
    variables = {"PATH": "/bin", **ENVIRONMENT.to_variables()}
    assert read_environment(variables) == ENVIRONMENT


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"WAAS_MODEL": None}, "WAAS_MODEL: Field required"),
        ({"WAAS_ITEMS": None}, "WAAS_ITEMS: Field required"),
        ({"WAAS_ITEMS": ""}, "WAAS_ITEMS: Invalid JSON"),
        ({"WAAS_ITEMS": "[]"}, "WAAS_ITEMS: Tuple should have at least 1 item"),
        ({"WAAS_ITEMS": '[{"name": "one"}]'}, "WAAS_ITEMS.0.namespace: Field required"),
        (
            {"WAAS_STORAGE_PATIENCE_SECONDS": "long"},
            "WAAS_STORAGE_PATIENCE_SECONDS: Input should be a valid number",
        ),
    ],
)
def test_wrong_variable_is_named(wrong: dict[str, str | None], expected: str) -> None:
    asked = {**ENVIRONMENT.to_variables(), **wrong}
    variables = {name: value for name, value in asked.items() if value is not None}
    with pytest.raises(BadConfiguration) as caught:
        read_environment(variables)
    assert expected in caught.value.message


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ()),
        ({"WAAS_ITEMS": "nonsense"}, ()),
        ({"WAAS_ITEMS": "7"}, ()),
        ({"WAAS_ITEMS": '[{"name": 7}]'}, ()),
        ({"WAAS_ITEMS": '[{"namespace": "newsroom"}]'}, ()),
        ({"WAAS_ITEMS": '[{"name": "one"}, {"name": "two"}]'}, ("one", "two")),
    ],
)
def test_names_are_read_from_a_broken_environment(
    variables: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert item_names(variables) == expected


def test_last_words_have_a_place_whatever_else_is_broken() -> None:
    assert termination_message_path({}) == Path("/dev/termination-log")
    assert termination_message_path({"WAAS_TERMINATION_MESSAGE_PATH": "/tmp/x"}) == Path("/tmp/x")
