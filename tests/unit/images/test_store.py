from __future__ import annotations

import pytest

from images.building import ensure, reference
from images.catalogue import IMAGES
from images.errors import UnknownImage
from images.store import superseded

NAME = "docker.io/library/waas-operator"
NEWEST = {f"{NAME}:{tag}" for tag in ("aaaaaaaaaaaa", "0.1.0", "layers-bbbbbbbbbbbb")}


@pytest.mark.parametrize(
    ("tag", "goes"),
    [
        pytest.param("cccccccccccc", True, id="an older content"),
        pytest.param("cccccccccccc-rollout", True, id="a variant of an older content"),
        pytest.param("layers-cccccccccccc", True, id="older layers"),
        pytest.param("aaaaaaaaaaaa", False, id="the newest"),
        pytest.param("0.1.0", False, id="the version"),
        pytest.param("layers-bbbbbbbbbbbb", False, id="its layers"),
        pytest.param("mine", False, id="somebody's own tag"),
        pytest.param("1.2.3", False, id="somebody's own version"),
    ],
)
def test_a_build_takes_the_place_of_what_we_tagged_before(tag: str, goes: bool) -> None:
    stored = NEWEST | {f"{NAME}:{tag}"}
    assert superseded(stored, NAME, NEWEST) == ([f"{NAME}:{tag}"] if goes else [])


def test_other_images_stay() -> None:
    stored = NEWEST | {f"{NAME}s:cccccccccccc", "docker.io/library/waas-api:cccccccccccc"}
    assert superseded(stored, NAME, NEWEST) == []


def test_a_reference_is_canonical() -> None:
    for name, image in IMAGES.items():
        assert reference(name).startswith(f"docker.io/library/{image.name}:")
        assert image.name == f"waas-{name}"


def test_a_name_that_no_image_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownImage, match="no image 'worker', only api, operator, job, minio, pa"):
        ensure(["worker"], print)
