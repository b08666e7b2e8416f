"""How much is done at once, by the size of the model and of the machine."""

import pytest

from support.engine_builders import DIMENSIONS
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.sizing import BatchSize, bytes_of_window, size_for_cpu, size_for_gpu

BASE = ModelDimensions(80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6)
LARGE = ModelDimensions(128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 32)
GIB = 1 << 30


@pytest.mark.parametrize(
    ("dimensions", "threads", "size"),
    [
        (BASE, 1, BatchSize(6, 1, 1, 1, 1)),
        (BASE, 2, BatchSize(6, 2, 2, 1, 1)),
        (BASE, 16, BatchSize(3, 4, 16, 1, 1)),
        (LARGE, 2, BatchSize(1, 2, 2, 1, 1)),
        (DIMENSIONS, 2, BatchSize(6, 2, 2, 1, 1)),
    ],
    ids=["one processor", "two", "many", "a large model", "a tiny one"],
)
def test_cpu(dimensions: ModelDimensions, threads: int, size: BatchSize) -> None:
    assert size_for_cpu(dimensions, threads) == size


@pytest.mark.parametrize(
    ("free_bytes", "windows", "encoded_together"),
    [(130 * GIB, 256, 16), (16 * GIB, 43, 16), (2 * GIB, 5, 5), (100, 1, 1)],
)
def test_gpu(free_bytes: int, windows: int, encoded_together: int) -> None:
    size = size_for_gpu(LARGE, free_bytes, threads=8)
    assert size == BatchSize(windows, 1, 8, encoded_together, windows)


def test_window_takes_what_its_keys_and_values_take() -> None:
    # 1500 positions of sound in 32 layers of 1280, keys and values, 2 bytes each: 246 MB.
    assert bytes_of_window(LARGE, 2) == 32 * 1280 * 2 * 2 * (1500 + 448)


def test_half_of_a_size_is_one_for_half_the_windows() -> None:
    assert BatchSize(8, 1, 4, 6, 2).halved() == BatchSize(4, 1, 4, 4, 2)
    assert BatchSize(3, 2, 4, 1, 3).halved() == BatchSize(1, 2, 4, 1, 1)


def test_size_has_room_for_no_more_windows_than_there_are() -> None:
    assert BatchSize(8, 1, 4, 6, 2).limited(3) == BatchSize(3, 1, 4, 3, 2)
    assert BatchSize(8, 1, 4, 6, 2).limited(9) == BatchSize(8, 1, 4, 6, 2)
    assert BatchSize(8, 1, 4, 6, 2).limited(0) == BatchSize(1, 1, 4, 1, 1)
