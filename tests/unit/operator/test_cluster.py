"""The Kubernetes adapter on a client that answers as it is told."""

import pytest

from support.builders import NOW, make_transcription_job
from support.kubernetes_objects import to_text
from support.scripted_client import Answer, ScriptedClient, answer, refusal
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_operator.api_server import ApiServer
from waas_operator.cluster import KubernetesCluster
from waas_operator.errors import (
    Conflict,
    LeadershipLost,
    Unreadable,
)


def cluster_of(client: ScriptedClient) -> KubernetesCluster:
    return KubernetesCluster(ApiServer(client))


async def get_from(*script: Answer | Exception) -> object:
    return await cluster_of(ScriptedClient(*script)).get_transcription_job("n", "a")


async def test_what_is_not_there_is_none() -> None:
    assert await get_from(refusal(404)) is None


async def test_a_resource_in_a_strange_form_is_told_without_its_content() -> None:
    resource = {
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"source": {"key": "n/a.mp3"}, "initialPrompt": ["private words"]},
    }

    with pytest.raises(Unreadable) as caught:
        await get_from(answer(resource))

    message = str(caught.value)
    assert message == "not in the form of a TranscriptionJob: spec.initialPrompt: string_type"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_names_are_listed_page_by_page_whatever_the_resources_hold() -> None:
    client = ScriptedClient(
        answer({"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]}),
        answer({"metadata": {"continue": ""}, "items": [{"metadata": {"name": "b"}}]}),
    )

    names = [name async for name in cluster_of(client).list_unfinished("n")]

    assert names == ["a", "b"]
    urls = [request[1] for request in client.requests]
    selector = (
        "status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed%2Cstatus.phase%21%3DCancelled"
    )
    address = "https://kubernetes.example/apis/waas.dev/v1alpha1/namespaces/n/transcriptionjobs"
    assert urls == [
        f"{address}?limit=500&fieldSelector={selector}",
        f"{address}?limit=500&fieldSelector={selector}&continue=more",
    ]
    assert "PartialObjectMetadataList" in client.requests[0][2]["Accept"]


async def test_an_empty_list_may_be_null() -> None:
    client = ScriptedClient(answer({"metadata": {}, "items": None}), answer({"items": None}))
    cluster = cluster_of(client)

    assert [name async for name in cluster.list_unfinished("n")] == []
    assert await cluster.list_pods("n", "a") == []


async def test_a_job_that_is_there_already_is_left_alone() -> None:
    cluster = cluster_of(ScriptedClient(refusal(409), answer({"kind": "Job"})))

    assert not await cluster.create_job({"metadata": {"namespace": "n", "name": "a-0f9e8d7c"}})


SECRET = {"metadata": {"namespace": "n", "name": "a-0f9e8d7c"}, "data": {"urls.json": "e30="}}


async def test_a_secret_is_made() -> None:
    client = ScriptedClient(answer(SECRET, 201))

    await cluster_of(client).apply_secret(SECRET)

    ((method, url, _, body),) = client.requests
    assert (method, url.split("?")[0]) == (
        "POST",
        "https://kubernetes.example/api/v1/namespaces/n/secrets",
    )
    assert body is SECRET, "nothing goes through it in search of models"


async def test_a_secret_that_is_there_is_overwritten_and_never_read() -> None:
    client = ScriptedClient(refusal(409), answer(SECRET))

    await cluster_of(client).apply_secret(SECRET)

    method, url, headers, body = client.requests[1]
    path = "https://kubernetes.example/api/v1/namespaces/n/secrets/a-0f9e8d7c"
    assert (method, url.split("?")[0], body) == ("PATCH", path, SECRET)
    assert headers["Content-Type"] == "application/merge-patch+json"


async def test_a_finished_job_that_was_seen_is_not_asked_for() -> None:
    client = ScriptedClient(refusal(404))
    cluster = cluster_of(client)
    cluster.sightings.see_finished_job("n", "a", {"kind": "Job"})

    assert await cluster.get_job("n", "a") == {"kind": "Job"}
    assert await cluster.get_job("n", "a") is None


async def test_a_conflict_without_a_job_is_no_job() -> None:
    cluster = cluster_of(ScriptedClient(refusal(409), refusal(404)))

    with pytest.raises(Conflict, match="409"):
        await cluster.create_job({"metadata": {"namespace": "n", "name": "a-0f9e8d7c"}})


@pytest.mark.parametrize("outcome", [answer({}), refusal(404), refusal(409)])
async def test_a_resource_is_deleted_by_its_uid(outcome: Answer) -> None:
    client = ScriptedClient(outcome)

    await cluster_of(client).delete_transcription_job("n", "a", "0f9e8d7c")

    ((method, url, _, body, *_),) = client.requests
    path = "/apis/waas.dev/v1alpha1/namespaces/n/transcriptionjobs/a"
    assert (method, url) == ("DELETE", f"https://kubernetes.example{path}")
    assert body == {"preconditions": {"uid": "0f9e8d7c"}, "propagationPolicy": "Background"}


async def test_an_annotation_is_written_for_the_version_that_was_read() -> None:
    client = ScriptedClient(answer({}))

    await cluster_of(client).annotate(make_transcription_job(), {"waas.dev/removal": "me"})

    ((method, url, headers, body, *_),) = client.requests
    path = "/apis/waas.dev/v1alpha1/namespaces/newsroom/transcriptionjobs/interview"
    assert (method, url) == (
        "PATCH",
        f"https://kubernetes.example{path}?fieldManager=waas-operator",
    )
    assert headers["Content-Type"] == "application/merge-patch+json"
    annotations = {"waas.dev/removal": "me"}
    assert body == {"metadata": {"resourceVersion": "7", "annotations": annotations}}


async def test_a_status_is_written_for_the_version_that_was_read() -> None:
    client = ScriptedClient(answer({"metadata": {"resourceVersion": "8"}}))
    transcription_job = make_transcription_job()

    await cluster_of(client).replace_status(
        transcription_job, TranscriptionJobStatus(attempts=1, start_time=NOW)
    )

    ((method, url, _, body, *_),) = client.requests
    path = "/apis/waas.dev/v1alpha1/namespaces/newsroom/transcriptionjobs/interview/status"
    assert (method, url) == ("PUT", f"https://kubernetes.example{path}?fieldManager=waas-operator")
    assert body == {
        "apiVersion": "waas.dev/v1alpha1",
        "kind": "TranscriptionJob",
        "metadata": {
            "name": "interview",
            "namespace": "newsroom",
            "uid": "0f9e8d7c-0000-4000-8000-000000000000",
            "resourceVersion": "7",
        },
        "spec": transcription_job.spec.to_wire(),
        "status": {
            "observedGeneration": 0,
            "phase": "Pending",
            "conditions": [],
            "attempts": 1,
            "failedPods": 0,
            "urlsHighestAttempt": 0,
            "startTime": to_text(NOW),
        },
    }


async def test_what_was_seen_or_written_is_not_asked_for_again() -> None:
    client = ScriptedClient(answer({"metadata": {"resourceVersion": "8"}}), answer({}, 404))
    cluster = cluster_of(client)
    seen = make_transcription_job()
    status = TranscriptionJobStatus(phase=Phase.QUEUED)

    cluster.sightings.see(seen)
    assert await cluster.get_transcription_job("newsroom", "interview") == seen
    await cluster.replace_status(seen, status)
    written = await cluster.get_transcription_job("newsroom", "interview")
    third = await cluster.get_transcription_job("newsroom", "interview")

    assert written is not None
    assert (written.metadata.resource_version, written.status) == ("8", status)
    assert third is None, "each sighting counts once; then the API server is asked"


async def test_what_is_listed_is_read_anew() -> None:
    page = answer({"items": [{"metadata": {"name": "interview"}}], "metadata": {}})
    cluster = cluster_of(ScriptedClient(page, answer({}, 404)))
    cluster.sightings.see(make_transcription_job())

    names = [name async for name in cluster.list_unfinished("newsroom")]

    assert names == ["interview"]
    assert await cluster.get_transcription_job("newsroom", "interview") is None


async def test_one_that_may_not_act_reads_and_asks_for_its_lease_but_writes_nothing() -> None:
    lease = {"metadata": {"name": "waas", "namespace": "system", "resourceVersion": "7"}}
    client = ScriptedClient(answer({}, 404), answer(lease))
    cluster = cluster_of(client)

    def refuse() -> None:
        raise LeadershipLost("over")

    cluster.api_server.guard = refuse
    job = {"metadata": {"name": "a", "namespace": "n"}}
    writes = [
        cluster.replace_status(make_transcription_job(), TranscriptionJobStatus()),
        cluster.delete_transcription_job("n", "a", "uid"),
        cluster.create_job(job),
        cluster.suspend_job("n", "a", is_suspended=True),
        cluster.delete_job("n", "a"),
        cluster.apply_secret(job),
        cluster.delete_secret("n", "a"),
        cluster.create_event(job),
        cluster.update_event(job["metadata"], {}),
    ]
    for write in writes:
        with pytest.raises(LeadershipLost):
            await write
    assert client.requests == []

    assert await cluster.get_job("n", "a") is None
    assert await cluster.write_lease(lease) == lease
