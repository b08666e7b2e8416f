"""The cheapest way through a matrix."""

import numpy as np
import pytest

from waas_job.engine.time_warping import Costs, warp


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (5, 5), (4, 30), (30, 4), (20, 200)])
def test_way_is_the_cheapest_and_never_goes_back(shape: tuple[int, int]) -> None:
    for seed in range(5):
        costs = np.random.default_rng(seed).normal(size=shape)
        rows, columns = warp(costs)
        assert (rows[0], columns[0]) == (0, 0)
        assert (rows[-1] + 1, columns[-1] + 1) == shape
        steps = set(zip(np.diff(rows).tolist(), np.diff(columns).tolist(), strict=True))
        assert steps <= {(0, 1), (1, 0), (1, 1)}
        assert costs[rows, columns].sum() == pytest.approx(cheapest(costs))


def test_way_follows_what_stands_out() -> None:
    costs = np.ones((3, 8))
    for row, bright in enumerate(([0, 1, 2], [3, 4], [5, 6, 7])):
        costs[row, bright] = -1
    rows, columns = warp(costs)
    assert rows.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    assert columns.tolist() == list(range(8))


def cheapest(costs: Costs) -> float:
    """Return what the cheapest way costs, by the definition."""
    totals = np.full((costs.shape[0] + 1, costs.shape[1] + 1), np.inf)
    totals[0, 0] = 0
    for row, column in np.ndindex(*costs.shape):
        before = totals[row, column], totals[row, column + 1], totals[row + 1, column]
        totals[row + 1, column + 1] = costs[row, column] + min(before)
    return float(totals[-1, -1])
