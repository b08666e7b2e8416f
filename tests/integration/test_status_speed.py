"""A look at a job costs the same however many there are; `-m long` measures it at 10,000."""

import json
from pathlib import Path

import pytest

from performance.status import Load, compare
from support.service import Tenant

pytestmark = pytest.mark.integration


def test_a_sample_of_the_measurement(tenant: Tenant, tmp_path: Path) -> None:
    report = compare(
        tenant, tmp_path, jobs=60, load=Load(40, 40, 5, 5), uncached_load=Load(5, 20, 5, 20)
    )

    # Timings are the machine's own affair; that all was answered is ours.
    for figures in (report["watched"], report["uncached"]):
        assert figures["GET /v2/jobs/{id}"]["p50_ms"] > 0
        assert figures["memory_bytes"] > 0
    assert set(report["p50_ratio"]) == {
        "GET /v2/jobs/{id}",
        "GET /v1/jobs/{id}",
        "GET /v2/jobs",
        "GET /v2/jobs?filters",
    }


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_jobs(tenant: Tenant, tmp_path: Path) -> None:
    # More often than that it could not answer.
    few = Load(10, 0.5, 5, 0.25)

    report = compare(
        tenant, tmp_path, jobs=10_000, load=Load(4000, 200, 200, 10), uncached_load=few
    )
    print(json.dumps(report, indent=2))  # noqa: T201 # the report is what it is run for

    # How fast it is, is the machine's affair; that the watch is worth its memory is ours.
    assert report["p50_ratio"]["GET /v2/jobs"] > 1
