from __future__ import annotations

from dataclasses import dataclass

import pytest

from images.detecting import choose, has_engine
from images.errors import NoBuilder


@dataclass(frozen=True)
class FakeMachine:
    root: bool = True
    installed: tuple[str, ...] = ()
    running: tuple[str, ...] = ()

    def is_root(self) -> bool:
        return self.root

    def has(self, program: str) -> bool:
        return program in self.installed

    def has_running(self, engine: str) -> bool:
        return engine in self.running


EVERYTHING = ("buildah", "docker", "podman")


@pytest.mark.parametrize(
    ("machine", "chosen"),
    [
        pytest.param(FakeMachine(True, EVERYTHING, EVERYTHING), "buildah", id="buildah first"),
        pytest.param(
            FakeMachine(False, EVERYTHING, EVERYTHING), "docker", id="buildah is for root only"
        ),
        pytest.param(
            FakeMachine(True, ("docker", "podman"), ("podman",)),
            "podman",
            id="a docker client without its engine is passed over",
        ),
    ],
)
def test_the_first_builder_that_works_is_chosen(machine: FakeMachine, chosen: str) -> None:
    assert choose(machine) == chosen


def test_without_a_builder_it_is_said_what_to_install() -> None:
    with pytest.raises(NoBuilder, match=r"start Docker.* `apt-get install buildah deb"):
        choose(FakeMachine(True, ("docker",)))


@pytest.mark.parametrize(
    ("machine", "answer"),
    [
        pytest.param(
            FakeMachine(True, ("docker",), ("docker",)), True, id="an engine that answers"
        ),
        pytest.param(FakeMachine(True, ("docker",)), False, id="a client alone"),
        pytest.param(FakeMachine(True, EVERYTHING, EVERYTHING), False, id="buildah goes first"),
    ],
)
def test_an_engine_is_known_by_its_answer(machine: FakeMachine, answer: bool) -> None:
    assert has_engine(machine) is answer
