"""What the api's adapter does beyond test_kept_jobs.py, on a real API server."""

from collections.abc import AsyncIterator

import pytest

from support.api_builders import make_spec
from support.service import API_RULES, Tenant
from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
)
from waas_api.kubernetes.connection import KubernetesConnection
from waas_api.kubernetes.transcription_jobs import KubernetesTranscriptionJobs

pytestmark = pytest.mark.integration


@pytest.fixture
async def jobs(tenant: Tenant) -> AsyncIterator[KubernetesTranscriptionJobs]:
    kubeconfig = tenant.grant("api", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        adapter = KubernetesTranscriptionJobs(tenant.namespace, connection)
        yield adapter
        await adapter.close()


async def test_readiness_needs_an_api_server(
    jobs: KubernetesTranscriptionJobs, tenant: Tenant
) -> None:
    assert await jobs.is_ready()

    kubeconfig = tenant.grant("stranger", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        stranger = KubernetesTranscriptionJobs("elsewhere", connection)
        assert not await stranger.is_ready()
        await stranger.close()
        with pytest.raises(ClusterRefused, match="does not let the service do this"):
            await stranger.get("a")


async def test_a_request_that_takes_too_long_may_have_happened(tenant: Tenant) -> None:
    kubeconfig = tenant.control_plane.kubeconfig
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=0.0001) as connection:
        impatient = KubernetesTranscriptionJobs(tenant.namespace, connection)
        with pytest.raises(ClusterUnavailable) as caught:
            await impatient.create("a", make_spec())

    assert caught.value.may_have_happened
