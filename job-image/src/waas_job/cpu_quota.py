"""How many processors this container may use.

A container on a 64-core node sees 64 processors; threads beyond its quota only wait for each other.
"""

import math
import os
from pathlib import Path

_CGROUP_FILE_SYSTEM = Path("/sys/fs/cgroup")

# Read by OpenMP, OpenBLAS and MKL when they are loaded, so set before numpy and torch are imported.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def count_processors(
    cgroup_file_system: Path = _CGROUP_FILE_SYSTEM, *, schedulable: int | None = None
) -> int:
    """Return the lesser of the processors we may run on and the cgroup's quota, at least 1."""
    if schedulable is None:
        schedulable = len(os.sched_getaffinity(0))
    quota = _quota_v2(cgroup_file_system) or _quota_v1(cgroup_file_system)
    # Rounded up: 1.5 processors are better used by two threads than by one.
    return max(1, min(schedulable, math.ceil(quota) if quota else schedulable))


def thread_variables(count: int) -> dict[str, str]:
    """Return the environment variables that hold numeric libraries to a number of threads."""
    return {name: str(count) for name in _THREAD_VARIABLES}


def _quota_v2(root: Path) -> float | None:
    """Read `cpu.max`: "150000 100000", or "max 100000" for no limit."""
    try:
        limit, period = (root / "cpu.max").read_text().split()
        return int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(root: Path) -> float | None:
    try:
        limit = int((root / "cpu" / "cpu.cfs_quota_us").read_text())
        period = int((root / "cpu" / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return limit / period if limit > 0 and period > 0 else None
