"""The workflows run what is in this repository, and little else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from images.catalogue import IMAGES, ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))
by_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]
    return found


def steps(workflow: Any) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        yield from job["steps"]


@by_workflow
def test_actions_are_pinned_by_commit(workflow: Any) -> None:
    used = [each["uses"] for each in steps(workflow) if "uses" in each]

    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action


@by_workflow
def test_rights_are_given_job_by_job(workflow: Any) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}


@by_workflow
def test_nothing_from_outside_gets_into_a_shell(workflow: Any) -> None:
    # What an expression puts there is run as it comes; the environment is not.
    assert not [each["run"] for each in steps(workflow) if "${{" in each.get("run", "")]


@by_workflow
def test_what_make_is_asked_for_is_there(workflow: Any) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    for step in steps(workflow):
        for asked in re.findall(r"^make ([a-z -]+)$", step.get("run", ""), re.MULTILINE):
            assert set(asked.split()) <= targets


def test_every_image_that_people_install_is_released() -> None:
    released = jobs("release.yaml")["images"]["strategy"]["matrix"]["include"]

    # The node of this machine alone has a use for `pause`.
    wanted = [each for name, each in IMAGES.items() if name != "pause"]
    assert released == [
        {"image": each.name, "dockerfile": each.dockerfile, "context": each.context}
        for each in wanted
    ]
