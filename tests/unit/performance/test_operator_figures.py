"""What kept a rate from being higher, from what was measured."""

import pytest

from performance.operator_figures import find_limit

LIMITS = [
    (
        "all processors are taken",
        (30.0, 0.93),
        "the machine's processors, 60% of a job's time is kube-apiserver's",
    ),
    (
        "all processors are taken, and just enough",
        (50.0, 0.93),
        "the machine's processors, 60% of a job's time is kube-apiserver's",
    ),
    ("as many as were asked for", (48.0, 0.6), "nothing: as many were done as were asked for"),
    ("a rate limit", (20.0, 0.6), "no processor: something waits for answers"),
]


@pytest.mark.parametrize(
    ("found", "limit"), [pytest.param(*case[1:], id=case[0]) for case in LIMITS]
)
def test_the_limit_is_named(found: tuple[float, float], limit: str) -> None:
    rate, busy_share = found
    cpu_ms_per_job = {"operator": 10.0, "kube-apiserver": 15.0}

    assert find_limit(rate, 50, cpu_ms_per_job, busy_share) == limit
