import os
from pathlib import Path

import pytest

from waas_job.cpu_quota import count_processors, thread_variables


def test_every_schedulable_processor_counts_without_a_quota(tmp_path: Path) -> None:
    assert count_processors(tmp_path, schedulable=8) == 8


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("6400000 100000\n", 8),
        ("nonsense", 8),
    ],
)
def test_quota_of_cgroup_v2_limits(tmp_path: Path, cpu_max: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max)
    assert count_processors(tmp_path, schedulable=8) == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("300000", 3), ("1000", 1)])
def test_quota_of_cgroup_v1_limits(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")
    assert count_processors(tmp_path, schedulable=8) == expected


def test_this_process_is_asked_for_its_processors_by_default(tmp_path: Path) -> None:
    assert count_processors(tmp_path) == len(os.sched_getaffinity(0))


def test_numeric_libraries_are_told_the_number_of_threads() -> None:
    assert thread_variables(3)["OMP_NUM_THREADS"] == "3"
