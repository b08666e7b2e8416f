from __future__ import annotations

from pathlib import Path

import pytest

from images.disk import free_gigabytes, require
from images.errors import DiskTooFull

FOLDER = Path("/home/me/.cache/waas/images")


def test_a_build_that_would_fill_the_disk_is_refused_with_what_it_needs_and_where() -> None:
    with pytest.raises(DiskTooFull) as refusal:
        require("waas-job", 18, 12.34, FOLDER)
    assert str(refusal.value) == (
        "building waas-job takes about 18 GB of disk on the way, and /home/me/.cache/waas/images"
        " has 12.3 GB free: make room there, or move the builder's folder to a larger disk"
        " (WAAS_CACHE moves ours)"
    )


@pytest.mark.parametrize("free", [18.0, 500.0, None])
def test_a_build_for_which_there_is_room_or_whose_disk_is_elsewhere_may_begin(
    free: float | None,
) -> None:
    require("waas-job", 18, free, FOLDER)


def test_the_room_is_that_of_the_disk_where_the_folder_will_be(tmp_path: Path) -> None:
    assert free_gigabytes(tmp_path / "not" / "yet") is not None


def test_a_folder_of_another_machine_has_no_known_room() -> None:
    assert free_gigabytes(Path("/no-such-root/docker")) is None
