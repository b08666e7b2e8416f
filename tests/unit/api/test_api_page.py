"""docs/api.md names tests that are there, and tells of every text that clients may get."""

import re
from pathlib import Path

import pytest

from waas_api.http import answers

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/api.md").read_text()
NAMED_TESTS = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_defects_have_tests() -> None:
    assert len(NAMED_TESTS) > 10


@pytest.mark.parametrize(("path", "name"), NAMED_TESTS)
def test_a_test_that_keeps_a_defect_away_is_there(path: str, name: str) -> None:
    assert f"def {name}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("answer", answers._ANSWERS.values(), ids=lambda answer: answer.text)
def test_every_fixed_text_is_explained(answer: answers.Answer) -> None:
    beginning = (answer.text or "").strip().partition(". ")[0]

    assert beginning in PAGE
    assert f"| {answer.status} |" in PAGE
