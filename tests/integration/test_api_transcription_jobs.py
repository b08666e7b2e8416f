"""What the api's adapter does beyond test_kept_jobs.py, on a real API server."""

from collections.abc import AsyncIterator

import pytest

from support.api_builders import make_spec
from support.kubernetes_api import transcription_jobs_path
from support.service import API_RULES, Tenant
from waas_api import kubernetes_transcription_jobs
from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
)
from waas_api.kubernetes_connection import KubernetesConnection
from waas_api.kubernetes_transcription_jobs import KubernetesTranscriptionJobs
from waas_contract.transcription_job import Phase

pytestmark = pytest.mark.integration


@pytest.fixture
async def jobs(tenant: Tenant) -> AsyncIterator[KubernetesTranscriptionJobs]:
    kubeconfig = tenant.grant("api", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        yield KubernetesTranscriptionJobs(tenant.namespace, connection)


async def test_those_who_wait_are_listed_over_all_pages(
    jobs: KubernetesTranscriptionJobs, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await jobs.list_waiting() == ()
    monkeypatch.setattr(kubernetes_transcription_jobs, "PAGE_SIZE", 2)
    phases = [None, *Phase]
    for number, phase in enumerate(phases):
        name = f"job-{number}"
        await jobs.create(name, make_spec())
        if phase is not None:
            path = transcription_jobs_path(tenant.namespace, name)
            resource = tenant.api.get(path)
            resource["status"] = {"phase": phase}
            tenant.api.request("PUT", f"{path}/status", body=resource)

    waiting = await jobs.list_waiting()

    expected = {
        f"job-{number}"
        for number, phase in enumerate(phases)
        if phase in (None, Phase.PENDING, Phase.QUEUED)
    }
    assert {job.name for job in waiting} == expected
    assert all(job.creation_time.tzinfo for job in waiting)


async def test_readiness_needs_an_api_server(
    jobs: KubernetesTranscriptionJobs, tenant: Tenant
) -> None:
    assert await jobs.is_ready()

    kubeconfig = tenant.grant("stranger", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        stranger = KubernetesTranscriptionJobs("elsewhere", connection)
        assert not await stranger.is_ready()
        with pytest.raises(ClusterRefused, match="does not let the service do this"):
            await stranger.get("a")


async def test_a_request_that_takes_too_long_may_have_happened(tenant: Tenant) -> None:
    kubeconfig = tenant.control_plane.kubeconfig
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=0.0001) as connection:
        impatient = KubernetesTranscriptionJobs(tenant.namespace, connection)
        with pytest.raises(ClusterUnavailable) as caught:
            await impatient.create("a", make_spec())

    assert caught.value.may_have_happened
