"""Many jobs at once: each costs the API server the fewest requests, and all of them end."""

import asyncio

import httpx
import pytest
from minio import Minio

from performance.operator_figures import measure_throughput
from support.desk import Desk
from support.kubernetes_api import secrets_path
from support.service import OperatorProcess, Tenant
from support.waiting import wait_until

pytestmark = pytest.mark.integration

JOBS = 120


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
    assert 0 < writes.pop("POST events") <= 6
    assert writes.pop("PUT leases", 0) <= 1, "somebody else's"
    assert writes == {
        "POST transcriptionjobs": 1,
        "PUT jobs/status": 1,
        "POST secrets": 1,
        "POST jobs": 1,
        "DELETE secrets": 1,
    }
    assert len(desk.jobs()) == JOBS
    assert tenant.api.items(secrets_path(tenant.namespace)) == []
    assert_all_of_it_is_counted(operator)
    assert_each_is_told_once(tenant)


def assert_all_of_it_is_counted(operator: OperatorProcess) -> None:
    text = httpx.get(operator.ready_url.replace("/readyz", "/metrics")).text
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    labels = 'model="tiny.en"'
    assert float(samples[f'waas_jobs{{{labels},phase="Succeeded"}}']) == JOBS
    assert float(samples[f"waas_audio_seconds_total{{{labels}}}"]) == 60 * JOBS
    assert float(samples["waas_is_leader"]) == 1
    assert float(samples['waas_kubernetes_request_duration_seconds_count{code="201",verb="POST"}'])
    assert float(samples['waas_s3_requests_total{operation="read",outcome="ok"}']) >= 2 * JOBS
    for resource in ("transcriptionjobs", "jobs"):
        assert f'waas_watch_last_event_timestamp_seconds{{resource="{resource}"}}' in samples
    assert "load-0" not in text, "no label names an object"


def assert_each_is_told_once(tenant: Tenant) -> None:
    path = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"

    def told() -> list[tuple[str, str]]:
        return [(each["regarding"]["name"], each["reason"]) for each in tenant.api.items(path)]

    wait_until(lambda: len(told()) == 2 * JOBS, "all Events are written")
    assert {reason for _, reason in told()} == {"Accepted", "Succeeded"}
    assert len(set(told())) == 2 * JOBS
