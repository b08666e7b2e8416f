"""The api's adapter on a real API server, with no more rights than it needs."""

from collections.abc import AsyncIterator

import pytest

from support.api_builders import make_spec
from support.kubernetes_api import transcription_jobs_path
from support.service import API_RULES, Tenant
from waas_api import transcription_jobs
from waas_api.errors import ClusterRefused, ClusterUnavailable, JobNotFound, NameTaken
from waas_api.transcription_jobs import KubernetesTranscriptionJobs
from waas_contract.transcription_job import Phase, Task

pytestmark = pytest.mark.integration


@pytest.fixture
async def jobs(tenant: Tenant) -> AsyncIterator[KubernetesTranscriptionJobs]:
    kubeconfig = tenant.grant("api", API_RULES)
    adapter = KubernetesTranscriptionJobs(
        tenant.namespace, kubeconfig=kubeconfig, timeout_seconds=10
    )
    await adapter.open()
    yield adapter
    await adapter.close()


async def test_a_job_is_made_and_read_back(jobs: KubernetesTranscriptionJobs) -> None:
    spec = make_spec(model="base")

    await jobs.create("a", spec)

    job = await jobs.get("a")
    assert job.spec == spec
    assert job.spec.digest() == spec.digest()
    assert job.phase is Phase.PENDING


async def test_a_name_is_taken_once(jobs: KubernetesTranscriptionJobs) -> None:
    await jobs.create("a", make_spec())

    with pytest.raises(NameTaken):
        await jobs.create("a", make_spec())


async def test_a_rule_of_the_crd_is_told_with_its_field(jobs: KubernetesTranscriptionJobs) -> None:
    with pytest.raises(ClusterRefused, match=r"spec.*task 'translate' needs") as caught:
        await jobs.create("a", make_spec(model="tiny.en", task=Task.TRANSLATE))

    assert caught.value.is_request_invalid


async def test_what_is_not_there_is_not_found(jobs: KubernetesTranscriptionJobs) -> None:
    with pytest.raises(JobNotFound):
        await jobs.get("nobody")


async def test_a_job_of_a_later_release_is_not_taken_for_an_error_of_ours(
    jobs: KubernetesTranscriptionJobs, tenant: Tenant
) -> None:
    await jobs.create("a", make_spec())
    path = transcription_jobs_path(tenant.namespace, "a")
    resource = tenant.api.get(path)
    tenant.api.request("PUT", f"{path}/status", {**resource, "status": {"phase": "Dreaming"}})

    with pytest.raises(ClusterUnavailable, match=r"can read: status\.phase"):
        await jobs.get("a")


async def test_those_who_wait_are_listed_over_all_pages(
    jobs: KubernetesTranscriptionJobs, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await jobs.list_waiting() == ()
    monkeypatch.setattr(transcription_jobs, "PAGE_SIZE", 2)
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

    stranger = KubernetesTranscriptionJobs(
        "elsewhere", kubeconfig=tenant.grant("stranger", API_RULES), timeout_seconds=10
    )
    await stranger.open()
    try:
        assert not await stranger.is_ready()
        with pytest.raises(ClusterRefused, match="does not let the service do this"):
            await stranger.get("a")
    finally:
        await stranger.close()


async def test_a_request_that_takes_too_long_may_have_happened(tenant: Tenant) -> None:
    impatient = KubernetesTranscriptionJobs(
        tenant.namespace, kubeconfig=tenant.control_plane.kubeconfig, timeout_seconds=0.0001
    )
    await impatient.open()
    try:
        with pytest.raises(ClusterUnavailable) as caught:
            await impatient.create("a", make_spec())
    finally:
        await impatient.close()

    assert caught.value.may_have_happened
