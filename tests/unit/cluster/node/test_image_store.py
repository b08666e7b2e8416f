from __future__ import annotations

from pathlib import Path

import pytest

from cluster.errors import ImageNotLoaded
from cluster.node.image_store import ImageStore, parse_images, superseded

API, OLD_API, JOB = (f"docker.io/library/waas-{each}" for each in ("api:2", "api:1", "job:1"))
STORED = {
    API: "sha256:a2",
    OLD_API: "sha256:a1",
    JOB: "sha256:j1",
    "sha256:config-a2": "sha256:a2",
    "sha256:config-a1": "sha256:a1",
    "sha256:config-j1": "sha256:j1",
}


def test_images_are_read_from_what_containerd_prints() -> None:
    printed = (
        "REF               TYPE           DIGEST    SIZE    PLATFORMS   LABELS \n"
        f"{API} application/x  sha256:a2 1.4 MiB linux/amd64 managed=managed \n"
        "sha256:config-a2  application/x  sha256:a2 1.4 MiB linux/amd64 - \n"
    )
    assert parse_images(printed) == {API: "sha256:a2", "sha256:config-a2": "sha256:a2"}
    assert parse_images("REF TYPE DIGEST SIZE PLATFORMS LABELS \n") == {}


@pytest.mark.parametrize(
    ("wanted", "removed"),
    [
        pytest.param([API], [OLD_API, "sha256:config-a1"], id="another tag of the same name"),
        pytest.param([JOB], [], id="no other tag is here"),
        pytest.param([API, OLD_API], [], id="both are wanted"),
        pytest.param(["docker.io/library/waas:2"], [], id="a name that others begin with"),
    ],
)
def test_an_image_makes_room_for_a_newer_one(wanted: list[str], removed: list[str]) -> None:
    assert superseded(STORED, wanted) == removed


def test_content_that_another_image_shares_is_kept() -> None:
    stored = {API: "sha256:same", OLD_API: "sha256:same", "sha256:config": "sha256:same"}
    assert superseded(stored, [API]) == [OLD_API]


CTR_WITHOUT_ROOM = """\
#!/bin/sh
case "$*" in *import*) echo no room >&2; exit 1;; esac
"""


def test_an_import_that_ends_early_ends_the_archive_too(tmp_path: Path) -> None:
    ctr = tmp_path / "ctr"
    ctr.write_text(CTR_WITHOUT_ROOM)
    ctr.chmod(0o755)
    with pytest.raises(ImageNotLoaded, match=f"{API} did not get into the node: no room"):
        ImageStore(ctr).load([API], lambda _: ("yes",), lambda _: None)
