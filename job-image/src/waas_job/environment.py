"""Reads the environment, and says in a sentence what is wrong with it."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from waas_contract.job_environment import JobEnvironment
from waas_job.errors import BadConfiguration

_ITEMS_VARIABLE = "WAAS_ITEMS"


def read_environment(variables: Mapping[str, str]) -> JobEnvironment:
    """Return the settings; raises BadConfiguration, naming the variable that is wrong."""
    try:
        return JobEnvironment.from_variables(variables)
    except ValidationError as error:
        problems = "; ".join(_describe(each["loc"], each["msg"]) for each in error.errors())
        raise BadConfiguration(f"The environment is not usable: {problems}.") from None


def termination_message_path(variables: Mapping[str, str]) -> Path:
    """Return where the last words go, also where the rest of the environment is broken."""
    default = JobEnvironment.model_fields["termination_message_path"].default
    return Path(variables.get("WAAS_TERMINATION_MESSAGE_PATH") or default)


def item_names(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the items' names as far as they can be read, also from a broken environment."""
    try:
        items = json.loads(variables.get(_ITEMS_VARIABLE, ""))
        return tuple(item["name"] for item in items if isinstance(item["name"], str))
    except (ValueError, TypeError, KeyError):
        return ()


def _describe(location: tuple[int | str, ...], message: str) -> str:
    if not location or isinstance(location[0], int):
        # Inside the list, whose JSON is read by itself.
        place = ".".join([_ITEMS_VARIABLE, *map(str, location)])
    else:
        place = _variable_of(str(location[0]))
    return f"{place}: {message}"


def _variable_of(name_or_alias: str) -> str:
    for field, about in JobEnvironment.model_fields.items():
        if name_or_alias in (field, about.alias):
            return f"WAAS_{field.upper()}"
    return name_or_alias
