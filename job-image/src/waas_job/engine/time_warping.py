"""Dynamic time warping: the cheapest way through a matrix that never goes back. Pure."""

import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def warp(costs: Costs) -> tuple[Indices, Indices]:
    """Return the rows and columns on the cheapest way from the first cell to the last one.

    A step goes one row down, one column on, or both.
    """
    rows, columns = costs.shape
    totals = np.full((rows + 1, columns + 1), np.inf)
    totals[0, 0] = 0
    for row in range(1, rows + 1):
        # Within a row the cheapest way enters somewhere from above and then goes along. So what
        # it costs up to a column is the row's running sum there, and the least of what entering
        # costs beyond the running sum before it.
        running = np.concatenate(([0.0], np.cumsum(costs[row - 1])))
        entering = np.minimum(totals[row - 1, :-1], totals[row - 1, 1:]) - running[:-1]
        totals[row, 1:] = running[1:] + np.minimum.accumulate(entering)
    return _trace_back(totals)


def _trace_back(totals: Costs) -> tuple[Indices, Indices]:
    row, column = totals.shape[0] - 1, totals.shape[1] - 1
    way = []
    while row > 0 and column > 0:
        way.append((row - 1, column - 1))
        diagonal = totals[row - 1, column - 1]
        above, before = totals[row - 1, column], totals[row, column - 1]
        if diagonal < above and diagonal < before:
            row, column = row - 1, column - 1
        elif above < diagonal and above < before:
            row -= 1
        else:
            column -= 1
    found = np.array(way[::-1], dtype=np.int64)
    return found[:, 0], found[:, 1]
