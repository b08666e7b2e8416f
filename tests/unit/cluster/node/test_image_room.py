from __future__ import annotations

import pytest

from cluster.node.image_room import needed_bytes
from images.sizes import Sizes

MEASURED = {"registry/api": Sizes(total=300, over_base=200, top_layer=1), "registry/next": None}


@pytest.mark.parametrize(
    ("stored", "wanted", "needed"),
    [
        pytest.param([], ["registry/api:2"], 600, id="packed and unpacked"),
        pytest.param(["registry/api:1"], ["registry/api:2"], 301, id="a newer one"),
        pytest.param(["registry/api:2"], ["registry/api:2"], 0, id="what is stored"),
        pytest.param([], ["registry/next:1", "registry/other:1"], 0, id="what is not known"),
    ],
)
def test_images_need_room_packed_and_unpacked_unless_an_older_one_is_there(
    stored: list[str], wanted: list[str], needed: int
) -> None:
    assert needed_bytes(stored, wanted, MEASURED) == needed
