from __future__ import annotations

import pytest

from images.sizes import Sizes, measure, megabytes


@pytest.mark.parametrize(
    ("layers", "base", "sizes"),
    [
        pytest.param(
            [75_000, 40_000, 5_000, 1024], [75_000], Sizes(121_024, 46_024, 5_000), id="on a base"
        ),
        pytest.param([90_000], [], Sizes(90_000, 90_000, 90_000), id="from scratch"),
        pytest.param(
            [75, 4_000], None, Sizes(4_075, None, 4_000), id="on a base that is not stored"
        ),
        pytest.param([], [], Sizes(0, 0, 0), id="nothing at all"),
    ],
)
def test_sizes_are_added_up_and_empty_layers_are_not_taken_for_the_top(
    layers: list[int], base: list[int] | None, sizes: Sizes
) -> None:
    assert measure(layers, base) == sizes


@pytest.mark.parametrize(
    ("size", "text"), [(412_000, "0.4 MB"), (9_940_000, "9.9 MB"), (6_157_000_000, "6,157 MB")]
)
def test_sizes_are_written_in_megabytes(size: int, text: str) -> None:
    assert megabytes(size) == text
