"""docs/api.md has every error that a client can cause, with its status, its cause and its cure."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from waas_api import errors
from waas_api.errors import ApiError
from waas_api.http import problems
from waas_api.openai import errors as openai_errors

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text()
_SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(_SECTION.findall(PAGE))
NATIVE = [each for title, each in SECTIONS.items() if title.startswith(("Native", "Logging"))]
OPENAI = [SECTIONS["Drop-in for OpenAI's API"]]

INSIDE = {
    errors.ObjectNotFound: "each use has its own error for it",
    errors.ObjectExists: "an edit tells of it as PreconditionFailed",
    errors.HistoryGone: "the watch lists anew",
    errors.NameTaken: "another name is tried",
}
"""What no client hears of, and why."""


def list_kinds(kind: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("waas_api."):
            yield each
            yield from list_kinds(each)


OF_OTHER_ROUTES = (errors.NotAForm, errors.DetectionError, errors.ClientLeft)
"""What those of OpenAI's API and of the old service alone can raise."""

LEAVES = [
    each
    for each in list_kinds()
    if not each.__subclasses__() and each not in INSIDE and not issubclass(each, OF_OTHER_ROUTES)
]


def list_rows(sections: list[str]) -> list[list[str]]:
    """Return the cells of the tables of errors: status, names, cause and cure."""
    rows = []
    for section in sections:
        for line in section.splitlines():
            cells = [each.strip() for each in line.strip("|").split(" | ")]
            if line.startswith("|") and len(cells) == 4 and re.match(r"\d{3}", cells[0]):
                rows.append(cells)
    return rows


def find_row(sections: list[str], status: int, name: str) -> list[str] | None:
    for cells in list_rows(sections):
        names = re.split(r"[`, ]+", cells[1])
        if str(status) in cells[0] and name in names:
            return cells
    return None


def test_the_tree_is_drawn_whole() -> None:
    drawn = re.findall(r"^ *[| `-]*-- (\w+)", errors.__doc__ or "", re.MULTILINE)

    assert sorted(drawn) == sorted({each.__name__ for each in list_kinds()})


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_an_error_has_a_problem_that_is_explained(kind: type[ApiError]) -> None:
    problem = problems.problem_of(kind)

    row = find_row(NATIVE, problem.status, problem.name)

    assert problem != problems.unexpected_problem()
    assert row is not None, f"{problem.status} {problem.name} is not in docs/api.md"
    assert all(row)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (404, "not-found"),
        (405, "method-not-allowed"),
        (500, "internal-error"),
        (503, "not-allowed"),
    ],
)
def test_what_no_kind_of_error_stands_for_is_explained_too(status: int, name: str) -> None:
    assert find_row(NATIVE, status, name) is not None


@pytest.mark.parametrize(
    "told",
    sorted({(each.status, each.code) for each in openai_errors._ERRORS.values() if each.code}),
    ids=str,
)
def test_an_error_in_openais_shape_is_explained(told: tuple[int, str]) -> None:
    if told[1] == "client_left":
        return  # nobody hears it

    assert find_row(OPENAI, *told) is not None
