from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from images import catalogue
from images.catalogue import DEBIAN, IMAGES, ROOT, Image
from images.dockerfiles import (
    Instruction,
    copied_from_context,
    parse,
    stages,
)

PROGRAMS = [IMAGES[name] for name in ("api", "operator", "job")]

by_image = pytest.mark.parametrize("image", IMAGES.values(), ids=lambda image: image.name)
by_program = pytest.mark.parametrize("image", PROGRAMS, ids=lambda image: image.name)


def read(image: Image) -> list[Instruction]:
    return parse((ROOT / image.dockerfile).read_text())


def named_stages(image: Image) -> dict[str, list[Instruction]]:
    return {each[0].words[2]: each for each in stages(read(image)) if each[0].words[1:2] == ["AS"]}


def last_of(name: str, image: Image) -> Instruction:
    """What holds for the image: the last such instruction of its last stage or of those below."""
    current = stages(read(image))[-1]
    while not (found := [each for each in current if each.name == name]):
        current = named_stages(image)[current[0].words[0]]
    return found[-1]


def test_a_dockerfile_is_read_with_its_continued_lines_options_and_exec_forms() -> None:
    text = """\
# A comment.
FROM ${DEBIAN} AS tools
RUN --mount=type=cache,id=x,target=/cache one \\
    # In between.
    && two
COPY --from=other --chown=1 a "b c" /to/
ENTRYPOINT ["run", "it"]
"""
    start, run, copy, entry = parse(text)
    assert start.words == ["${DEBIAN}", "AS", "tools"]
    assert run.words == ["one", "&&", "two"]
    assert copy.flags == {"from": "other", "chown": "1"}
    assert copy.words == ["a", "b c", "/to/"]
    assert entry.words == ["run", "it"]


@by_image
def test_the_inputs_are_what_the_dockerfile_copies(image: Image) -> None:
    copied = copied_from_context(read(image))
    assert copied == set(image.inputs)
    for each in copied:
        assert (ROOT / image.context / each).exists()


@by_image
def test_the_slow_inputs_are_those_that_no_code_of_ours_is_among(image: Image) -> None:
    assert set(image.slow_inputs) == {each for each in image.inputs if not each.endswith("/src")}


@by_image
def test_every_stage_starts_from_a_base_by_argument_from_another_stage_or_from_nothing(
    image: Image,
) -> None:
    instructions = read(image)
    defaults = {
        name: value
        for each in instructions
        if each.name == "ARG"
        for name, _, value in [each.text.partition("=")]
    }
    names: set[str] = {"scratch"}
    bases: set[str] = set()
    for [start, *_] in stages(instructions):
        source = start.words[0]
        if argument := re.fullmatch(r"\$\{(\w+)\}", source):
            bases.add(defaults[argument[1]])
        else:
            assert source in names
        names.add(start.words[-1])
    assert bases == set(image.bases)


@by_image
def test_no_base_is_the_latest_and_each_has_its_whole_name(image: Image) -> None:
    for base in image.bases:
        registry, _, name = base.rpartition("/")
        _, _, tag = name.partition(":")
        assert registry == "docker.io/library"
        assert tag not in ("", "latest")
    assert ":latest" not in (ROOT / image.dockerfile).read_text()


@by_image
def test_an_image_runs_as_a_numeric_user_who_is_not_root(image: Image) -> None:
    assert last_of("USER", image).words == ["65532:65532"]


@by_image
def test_an_image_starts_its_program_without_a_shell(image: Image) -> None:
    assert last_of("ENTRYPOINT", image).text.startswith("[")


@by_image
def test_an_image_tells_what_it_is(image: Image) -> None:
    labels = dict(word.split("=", 1) for word in last_of("LABEL", image).words)
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == image.name
    assert {f"{prefix}description", f"{prefix}licenses"} <= labels.keys()
    assert f"{prefix}version" in image.labels


@by_program
def test_a_program_is_described_as_in_its_project(image: Image) -> None:
    folder = image.dockerfile.partition("/")[0]
    project = catalogue.project(folder)
    labels = dict(word.split("=", 1) for word in last_of("LABEL", image).words)
    assert labels["org.opencontainers.image.description"] == project["description"]
    assert labels["org.opencontainers.image.licenses"] == project["license"]


@pytest.mark.parametrize("name", ["python", "tools"])
def test_the_programs_share_the_stages_below_their_dependencies(name: str) -> None:
    first, *others = [named_stages(image)[name] for image in PROGRAMS]
    for other in others:
        assert other == first


@by_program
def test_a_program_stands_on_debian_and_its_code_is_the_last_layer_above_a_list_of_its_parts(
    image: Image,
) -> None:
    assert image.base == DEBIAN
    last = stages(read(image))[-1]
    layers = [each.text for each in last if each.name in ("COPY", "ADD", "RUN")]
    assert layers == [
        "--from=requirements /sbom.cdx.json /opt/waas/sbom.cdx.json",
        "--from=tested /opt/waas/program /opt/waas/program",
    ]


@by_program
def test_a_program_is_imported_with_its_own_packages_before_it_is_copied(image: Image) -> None:
    start, copy, smoke_test = named_stages(image)["tested"]
    assert start.words[0] == "dependencies"
    assert copy.text == "--from=program /opt/waas/program /opt/waas/program"
    assert smoke_test.words[:2] == ["python", "-c"]
    imported = smoke_test.words[2].removeprefix("import ").split(", ")
    assert all(find_spec(each) for each in imported), "what the test of the build imports is there"


@by_image
def test_a_build_takes_each_cache_that_this_machine_may_lend(image: Image) -> None:
    text = (ROOT / image.dockerfile).read_text()
    assert set(re.findall(r"(\w+)=\$\{\1:-", text)) == set(image.caches)


@by_image
def test_no_setting_of_this_machine_is_an_argument_which_an_image_would_tell(image: Image) -> None:
    arguments = {each.text.partition("=")[0] for each in read(image) if each.name == "ARG"}
    assert arguments <= {"DEBIAN", "GOLANG", "TORCH_INDEX", "UV_VERSION"}


def test_docker_sends_no_more_than_what_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert rules[-1] == "**/__pycache__"
    sent = {each.removeprefix("!") for each in rules[1:-1]}
    assert sent == {each for image in PROGRAMS for each in image.inputs}
