"""Jobs in Kueue's queue: it alone starts and stops them.

Kueue itself is not here. The test does to the Job what Kueue does to it, and the real Job
controller makes of it what it makes of Kueue's doing: pods that come and go.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.desk import Desk, condition
from support.kubernetes_api import Resource, jobs_path
from support.pod_runner import PodRunner
from support.service import OperatorProcess, Tenant
from support.waiting import wait_until

pytestmark = pytest.mark.integration

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"


@pytest.fixture
def queued(tenant: Tenant, operator: OperatorProcess) -> OperatorProcess:
    operator.extra_variables["WAAS_QUEUE_NAMES"] = f'{{"{tenant.namespace}": "gpus"}}'
    return operator


@pytest.fixture
def quick_pods(tenant: Tenant, tmp_path: Path) -> Iterator[PodRunner]:
    with PodRunner(
        tenant.api, tenant.namespace, tmp_path / "pods", tmp_path, module="support.quick_job"
    ) as runner:
        yield runner


def the_job(desk: Desk) -> Resource:
    [job] = wait_until(desk.jobs, "there is a Job")
    return job


def set_suspend(desk: Desk, *, is_suspended: bool) -> None:
    """Admit the Job, or take its place back, as Kueue does."""
    name = the_job(desk)["metadata"]["name"]
    path = jobs_path(desk.tenant.namespace, name)
    desk.tenant.api.merge(path, {"spec": {"suspend": is_suspended}})


def wait_for_reason(desk: Desk, reason: str) -> Resource:
    return desk.wait_for(
        "a", reason, lambda found: condition(found, "Succeeded").get("reason") == reason
    )


def start_a_pod(desk: Desk) -> None:
    """Report that the Job's pod runs, as a kubelet would; no program does."""
    [pod] = wait_until(lambda: desk.pods("a"), "the Job has a pod")
    container = pod["spec"]["containers"][0]
    state = {"running": {"startedAt": "2026-11-26T00:00:00Z"}}
    status = {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": True,
        "restartCount": 0,
        "state": state,
    }
    path = f"/api/v1/namespaces/{desk.tenant.namespace}/pods/{pod['metadata']['name']}/status"
    desk.tenant.api.merge(path, {"status": {"phase": "Running", "containerStatuses": [status]}})


def test_what_kueue_takes_back_is_queued_and_goes_on_when_it_is_admitted_again(
    desk: Desk, queued: OperatorProcess, request: pytest.FixtureRequest
) -> None:
    queued.start()
    desk.create("a", source={"key": f"{desk.tenant.namespace}/a/audio/clip.flac"})

    resource = wait_for_reason(desk, "WaitingForQuota")
    assert resource["status"]["phase"] == "Queued"
    assert the_job(desk)["metadata"]["labels"][QUEUE_LABEL] == "gpus"
    assert the_job(desk)["spec"]["suspend"] is True
    assert desk.pods("a") == []

    set_suspend(desk, is_suspended=False)
    start_a_pod(desk)
    desk.wait_for_phase("a", "Running")
    set_suspend(desk, is_suspended=True)
    resource = wait_for_reason(desk, "Evicted")
    assert resource["status"]["phase"] == "Queued"
    assert condition(resource, "Started")["reason"] == "Evicted"
    uid = the_job(desk)["metadata"]["uid"]

    pods: PodRunner = request.getfixturevalue("quick_pods")
    set_suspend(desk, is_suspended=False)
    resource = desk.wait_for_end("a")
    assert condition(resource, "Succeeded")["reason"] == "Completed"
    assert the_job(desk)["metadata"]["uid"] == uid
    assert the_job(desk)["status"].get("failed", 0) == 0, "an eviction costs no attempt"
    assert [run.exit_code for run in pods.runs] == [0]


def test_one_that_a_person_suspends_gives_its_place_back(
    desk: Desk, queued: OperatorProcess, quick_pods: PodRunner
) -> None:
    queued.start()
    source = {"key": f"{desk.tenant.namespace}/a/audio/clip.flac"}
    desk.create("a", source=source, queueName="its-own")
    wait_for_reason(desk, "WaitingForQuota")
    assert the_job(desk)["metadata"]["labels"][QUEUE_LABEL] == "its-own"

    desk.change("a", suspend=True, queueName="another")
    wait_until(lambda: desk.jobs() == [], "its Job has left the queue")
    desk.wait_for_phase("a", "Suspended")
    desk.change("a", suspend=False)
    wait_until(desk.jobs, "it is in the queue again")
    assert the_job(desk)["metadata"]["labels"][QUEUE_LABEL] == "another"
    set_suspend(desk, is_suspended=False)

    assert condition(desk.wait_for_end("a"), "Succeeded")["reason"] == "Completed"
    assert [run.exit_code for run in quick_pods.runs] == [0]
