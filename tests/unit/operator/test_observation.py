"""Jobs and Pods as the API server gives them, read into our own terms."""

from datetime import timedelta
from typing import Any

import pytest

from support.builders import CHILD_NAME, NOW, UID, make_job, make_observation, make_pod
from support.kubernetes_objects import (
    make_condition,
    make_job_resource,
    make_pod_resource,
    running,
    terminated,
    waiting,
)
from waas_operator.observation import ObservedJob, ObservedPod, observe_job, observe_pod

LATER = NOW + timedelta(seconds=90)

JOBS: list[tuple[str, dict[str, Any], ObservedJob]] = [
    ("a Job that was just made", make_job_resource(), make_job()),
    ("a Job of somebody else", make_job_resource(owner_uid="another"), make_job(is_ours=False)),
    ("a suspended Job", make_job_resource(is_suspended=True), make_job(is_suspended=True)),
    (
        "a Job that Kueue suspends and resumes",
        make_job_resource(
            make_condition("Suspended"),
            labels={"kueue.x-k8s.io/queue-name": "gpus"},
            is_suspended=True,
        ),
        make_job(is_suspended=True, is_queued_by_kueue=True),
    ),
    (
        "a Job that is deleted, with its pods before it",
        make_job_resource(deletion_time=NOW),
        make_job(is_deleting=True),
    ),
    (
        "a Job whose pod has done its work is complete only when it says so",
        make_job_resource(make_condition("SuccessCriteriaMet", reason="CompletionsReached")),
        make_job(),
    ),
    (
        "a complete Job",
        make_job_resource(
            make_condition("SuccessCriteriaMet", reason="CompletionsReached"),
            make_condition("Complete", time=LATER, reason="CompletionsReached"),
        ),
        make_job(is_complete=True, finish_time=LATER),
    ),
    (
        "a Job that is about to fail has not failed yet",
        make_job_resource(make_condition("FailureTarget", reason="PodFailurePolicy")),
        make_job(),
    ),
    (
        "a failed Job",
        make_job_resource(
            make_condition("FailureTarget", reason="PodFailurePolicy"),
            make_condition(
                "Failed",
                time=LATER,
                reason="PodFailurePolicy",
                message="Container transcribe failed with exit code 65",
            ),
        ),
        make_job(
            failure_reason="PodFailurePolicy",
            failure_message="Container transcribe failed with exit code 65",
            finish_time=LATER,
        ),
    ),
    (
        "a Job that failed without a reason",
        make_job_resource(make_condition("Failed")),
        make_job(failure_reason="JobFailed", finish_time=NOW),
    ),
    (
        "a condition that is not true says nothing",
        make_job_resource(make_condition("Failed", "False"), make_condition("Complete", "False")),
        make_job(),
    ),
]


@pytest.mark.parametrize(
    ("resource", "seen"), [pytest.param(*case[1:], id=case[0]) for case in JOBS]
)
def test_a_job_is_read(resource: dict[str, Any], seen: ObservedJob) -> None:
    assert observe_job(resource, UID) == seen


def test_a_job_without_owner_labels_and_status_is_read() -> None:
    resource = {"metadata": {"name": CHILD_NAME}, "spec": {}}

    assert observe_job(resource, UID) == make_job(is_ours=False)


def test_a_job_is_finished_when_it_is_complete_or_failed() -> None:
    assert make_job(is_complete=True).is_finished
    assert make_job(failure_reason="DeadlineExceeded").is_finished
    assert not make_job(is_deleting=True, is_suspended=True).is_finished


PODS: list[tuple[str, dict[str, Any], ObservedPod]] = [
    ("a pod that nobody has looked at", make_pod_resource(), make_pod()),
    (
        "a pod without a node",
        make_pod_resource(
            make_condition(
                "PodScheduled", "False", reason="Unschedulable", message="0/3 nodes: no GPU."
            )
        ),
        make_pod(is_scheduled=False, unschedulable_message="0/3 nodes: no GPU."),
    ),
    (
        "a pod without a node and without a word about it",
        make_pod_resource(make_condition("PodScheduled", "False")),
        make_pod(is_scheduled=False),
    ),
    (
        "a pod whose image cannot be pulled",
        make_pod_resource(
            make_condition("PodScheduled"), state=waiting("ImagePullBackOff", "no such image")
        ),
        make_pod(waiting_reason="ImagePullBackOff", waiting_message="no such image"),
    ),
    (
        "a running pod",
        make_pod_resource(make_condition("PodScheduled"), phase="Running", state=running()),
        make_pod(start_time=NOW),
    ),
    (
        "a pod that ended well",
        make_pod_resource(
            phase="Succeeded", state=terminated(0, finish_time=LATER, message='{"outcomes":[]}')
        ),
        make_pod(
            start_time=NOW,
            finish_time=LATER,
            exit_code=0,
            termination_message='{"outcomes":[]}',
        ),
    ),
    (
        "a pod that ran out of memory",
        make_pod_resource(
            phase="Failed", state=terminated(137, finish_time=LATER, reason="OOMKilled")
        ),
        make_pod(start_time=NOW, finish_time=LATER, exit_code=137, is_out_of_memory=True),
    ),
    (
        "a pod that was preempted",
        make_pod_resource(
            make_condition("DisruptionTarget", reason="PreemptionByScheduler"),
            phase="Failed",
            state=terminated(143, finish_time=LATER),
        ),
        make_pod(start_time=NOW, finish_time=LATER, exit_code=143, is_disrupted=True),
    ),
    (
        "a pod that was evicted before it ran",
        make_pod_resource(make_condition("DisruptionTarget"), phase="Failed"),
        make_pod(is_disrupted=True, has_ended=True),
    ),
    (
        "a pod of a node that is gone, whose container seems to run for ever",
        make_pod_resource(
            make_condition("DisruptionTarget", reason="DeletionByTaintManager"),
            phase="Failed",
            state=running(),
        ),
        make_pod(start_time=NOW, is_disrupted=True, has_ended=True),
    ),
]


@pytest.mark.parametrize(
    ("resource", "seen"), [pytest.param(*case[1:], id=case[0]) for case in PODS]
)
def test_a_pod_is_read(resource: dict[str, Any], seen: ObservedPod) -> None:
    assert observe_pod(resource) == seen


def test_another_container_in_the_pod_says_nothing_about_the_program() -> None:
    resource = make_pod_resource(state=running())
    (status,) = resource["status"]["containerStatuses"]
    resource["status"]["containerStatuses"] = [
        {**status, "name": "istio-proxy", "state": terminated(1)},
        status,
    ]

    assert observe_pod(resource) == make_pod(start_time=NOW)


RUNNING = [
    ("no pod", (), False),
    ("a pod that waits", (make_pod(),), False),
    ("a pod at work", (make_pod(start_time=NOW),), True),
    ("a pod that ended well", (make_pod(start_time=NOW, exit_code=0),), True),
    ("a pod that failed", (make_pod(start_time=NOW, exit_code=70),), False),
    ("a pod that was lost at work", (make_pod(start_time=NOW, has_ended=True),), False),
    (
        "a pod at work after one that failed",
        (make_pod(start_time=NOW, exit_code=70), make_pod(start_time=NOW)),
        True,
    ),
]


@pytest.mark.parametrize(
    ("pods", "is_running"), [pytest.param(*case[1:], id=case[0]) for case in RUNNING]
)
def test_whether_anything_runs(pods: tuple[ObservedPod, ...], is_running: bool) -> None:
    assert make_observation(pods=pods).is_running is is_running
