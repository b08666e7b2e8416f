"""Many jobs at once: each costs the API server the fewest requests, and all of them end."""

import asyncio
from collections.abc import Iterator

import pytest
from minio import Minio

from cluster import processes
from cluster.control_plane import ControlPlane
from performance.operator import CONTROLLERS, measure_throughput
from support.desk import Desk
from support.kubernetes_api import secrets_path
from support.service import OperatorProcess, Tenant

pytestmark = pytest.mark.integration

JOBS = 120


@pytest.fixture
def without_controllers(control_plane: ControlPlane) -> Iterator[None]:
    """Nobody makes pods or closes Jobs but the harness."""
    processes.stop(control_plane.run, *CONTROLLERS)
    yield
    for name in CONTROLLERS:
        processes.launch(control_plane.run, control_plane.run.servers()[name].server)
    for name in CONTROLLERS:
        processes.wait_until_ready(control_plane.run, name)


@pytest.mark.usefixtures("without_controllers")
def test_a_straight_job_costs_few_writes(
    tenant: Tenant, object_store: Minio, operator: OperatorProcess, desk: Desk
) -> None:
    operator.start(WAAS_LOG_LEVEL="WARNING")
    operator.wait_until_ready()

    found = asyncio.run(measure_throughput(tenant, object_store, operator, jobs=JOBS, rate=30))

    per_job = found.requests_per_job
    writes = {
        kind: count for kind, count in per_job.items() if kind.split()[0] not in ("GET", "LIST")
    }
    # A status that conflicts with another write is written once more, which is rare.
    assert writes.pop("PUT transcriptionjobs/status") <= 4
    assert writes.pop("PUT leases", 0) <= 1, "somebody else's"
    assert writes == {
        "POST transcriptionjobs": 1,
        "PUT jobs/status": 1,
        "APPLY secrets": 1,
        "POST jobs": 1,
        "DELETE secrets": 1,
    }
    assert len(desk.jobs()) == JOBS
    assert tenant.api.items(secrets_path(tenant.namespace)) == []
