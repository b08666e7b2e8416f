from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from images.catalogue import IMAGES, ROOT
from images.hashing import content_tag, slow_tag

PROGRAMS = {"api", "operator", "job"}
EVERYTHING = set(IMAGES)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all that goes into the images."""
    for image in IMAGES.values():
        for path in [image.dockerfile, *(f"{image.context}/{each}" for each in image.inputs)]:
            source, target = ROOT / path, tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)
    return tmp_path


def tags(root: Path) -> dict[str, str]:
    return {name: content_tag(image, root) for name, image in IMAGES.items()}


def slow_tags(root: Path) -> dict[str, str]:
    return {name: slow_tag(image, root) for name, image in IMAGES.items()}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_tag_is_twelve_hexadecimal_digits(tree: Path) -> None:
    for tag in tags(tree).values():
        assert len(tag) == 12
        int(tag, 16)


def test_the_same_content_elsewhere_has_the_same_tags(tree: Path) -> None:
    assert tags(tree) == tags(ROOT)
    assert slow_tags(tree) == slow_tags(ROOT)


@pytest.mark.parametrize(
    ("path", "changed", "slow"),
    [
        ("api/src/waas_api/main.py", {"api"}, set()),
        ("operator/src/waas_operator/main.py", {"operator"}, set()),
        ("job-image/src/waas_job/pipeline.py", {"job"}, set()),
        ("contract/src/waas_contract/names.py", PROGRAMS, set()),
        ("contract/src/waas_contract/py.typed", PROGRAMS, set()),
        ("uv.lock", PROGRAMS, PROGRAMS),
        ("job-image/pyproject.toml", {"job"}, {"job"}),
        ("job-image/Dockerfile", {"job"}, {"job"}),
        ("tests/cluster/tools/minio/go.sum", {"minio"}, {"minio"}),
        ("tests/images/pause/pause.go", {"pause"}, {"pause"}),
    ],
)
def test_a_changed_input_changes_the_tags_of_the_images_that_it_goes_into(
    tree: Path, path: str, changed: set[str], slow: set[str]
) -> None:
    before, slow_before = tags(tree), slow_tags(tree)
    with (tree / path).open("a") as file:
        file.write("\n# changed\n")
    assert differing(before, tags(tree)) == changed
    assert differing(slow_before, slow_tags(tree)) == slow


def test_a_file_that_is_added_or_moved_changes_the_tag(tree: Path) -> None:
    folder = tree / "api/src/waas_api"
    before = tags(tree)
    (folder / "added.py").touch()
    added = tags(tree)
    (folder / "added.py").rename(folder / "moved.py")
    assert differing(before, added) == {"api"}
    assert differing(added, tags(tree)) == {"api"}


def test_bytecode_changes_nothing(tree: Path) -> None:
    before = tags(tree)
    cache = tree / "api/src/waas_api/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "main.cpython-311.pyc").write_bytes(b"bytecode")
    assert tags(tree) == before


@pytest.mark.parametrize("change", [{"version": "other"}, {"bases": ("other:1",)}])
def test_a_version_or_a_base_changes_the_tag(change: dict[str, Any]) -> None:
    image = IMAGES["api"]
    assert content_tag(image, ROOT) != content_tag(replace(image, **change), ROOT)
