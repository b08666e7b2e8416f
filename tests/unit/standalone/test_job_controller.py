"""The local Job controller beside what Kubernetes' own one does."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from support.builders import CHILD_NAME, NOW, make_settings, make_transcription_job
from support.kubernetes_api import Resource
from support.kubernetes_objects import make_condition, make_pod_resource, running, terminated
from waas_operator.job_manifest import build_job
from waas_standalone.endings import Disruption
from waas_standalone.job_controller import (
    FIRST_BACKOFF,
    FIRST_PAUSE_AFTER_KILL,
    FREE_KILLS,
    LONGEST_PAUSE_AFTER_KILL,
    JobStep,
    derive_job_step,
)

LONG_AGO = NOW - timedelta(hours=1)


def make_job(*, status: Resource | None = None, deleted: bool = False, **spec: Any) -> Resource:
    job = build_job(make_transcription_job(**spec), make_settings())
    if deleted:
        job["metadata"]["deletionTimestamp"] = NOW.isoformat()
    return {**job, "status": status} if status else job


def make_pod(number: int = 1, **facts: Any) -> Resource:
    return make_pod_resource(name=f"{CHILD_NAME}-{number}", creation_time=LONG_AGO, **facts)


def make_failed(exit_code: int, *, time: datetime = LONG_AGO, number: int = 1) -> Resource:
    return make_pod(number, phase="Failed", state=terminated(exit_code, finish_time=time))


def make_disrupted(number: int = 1) -> Resource:
    pod = make_failed(143, time=NOW, number=number)
    pod["status"]["conditions"] = [make_condition("DisruptionTarget")]
    return pod


def make_killed(count: int) -> list[Resource]:
    """Return pods whose programs somebody killed, the last of them just now."""
    pods = []
    for number in range(count):
        time = NOW - timedelta(hours=count - 1 - number)
        pod = make_failed(137, time=time, number=number)
        reason = Disruption.PROGRAM_KILLED
        pod["status"]["conditions"] = [make_condition("DisruptionTarget", reason=reason)]
        pods.append(pod)
    return pods


def step_of(job: Resource, *pods: Resource, now: datetime = NOW) -> JobStep:
    return derive_job_step(job, pods, now)


def conditions_of(step: JobStep) -> list[tuple[str, str]]:
    assert step.status is not None
    return [(each["type"], each["reason"]) for each in step.status.get("conditions", [])]


RUNNING = make_pod(phase="Running", state=running(NOW))
SUCCEEDED = make_pod(phase="Succeeded", state=terminated(0, finish_time=NOW))

# What is there; then whether a pod is made, whether pods are deleted, and the conditions.
CASES: list[tuple[str, Resource, Sequence[Resource], bool, bool, list[tuple[str, str]]]] = [
    ("a new Job gets a pod", make_job(), [], True, False, []),
    ("one pod is enough", make_job(), [make_pod()], False, False, []),
    ("a running pod is waited for", make_job(), [RUNNING], False, False, []),
    (
        "a pod that succeeded completes it",
        make_job(),
        [SUCCEEDED],
        False,
        False,
        [("Complete", "CompletionsReached")],
    ),
    ("a failure is tried again", make_job(), [make_failed(70)], True, False, []),
    (
        "bad audio fails it at once",
        make_job(),
        [make_failed(65)],
        False,
        False,
        [("Failed", "PodFailurePolicy")],
    ),
    (
        "one failure more than the limit",
        make_job(backoff_limit=1),
        [make_failed(70), make_failed(70, number=2)],
        False,
        False,
        [("Failed", "BackoffLimitExceeded")],
    ),
    (
        "without any limit to spare, the first failure is the last",
        make_job(backoff_limit=0),
        [make_failed(137)],
        False,
        False,
        [("Failed", "BackoffLimitExceeded")],
    ),
    (
        "a store that is away costs nothing",
        make_job(backoff_limit=0),
        [make_failed(75), make_failed(75, number=2)],
        True,
        False,
        [],
    ),
    (
        "a disruption costs nothing and is made good at once",
        make_job(backoff_limit=0),
        [make_disrupted()],
        True,
        False,
        [],
    ),
    (
        "suspension takes the pod away",
        make_job(suspend=True),
        [RUNNING],
        False,
        True,
        [("Suspended", "JobSuspended")],
    ),
    (
        "a suspended Job gets no pod",
        make_job(suspend=True),
        [],
        False,
        False,
        [("Suspended", "JobSuspended")],
    ),
    (
        "a deadline takes the pod away first",
        make_job(active_deadline_seconds=60, status={"startTime": LONG_AGO.isoformat()}),
        [RUNNING],
        False,
        True,
        [("FailureTarget", "DeadlineExceeded")],
    ),
    (
        "then the Job fails",
        make_job(
            active_deadline_seconds=60,
            status={
                "startTime": LONG_AGO.isoformat(),
                "conditions": [
                    make_condition("FailureTarget", reason="DeadlineExceeded") | {"message": "late"}
                ],
            },
        ),
        [],
        False,
        False,
        [("FailureTarget", "DeadlineExceeded"), ("Failed", "DeadlineExceeded")],
    ),
    (
        "a deadline counts the time without a pod",
        make_job(active_deadline_seconds=60, status={"startTime": LONG_AGO.isoformat()}),
        [],
        False,
        False,
        [("Failed", "DeadlineExceeded")],
    ),
    (
        "a closed Job stays closed",
        make_job(status={"conditions": [make_condition("Failed", reason="PodFailurePolicy")]}),
        [make_failed(65)],
        False,
        False,
        [("Failed", "PodFailurePolicy")],
    ),
]


@pytest.mark.parametrize(
    ("job", "pods", "makes_pod", "deletes_pods", "conditions"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_step(
    job: Resource,
    pods: Sequence[Resource],
    makes_pod: bool,
    deletes_pods: bool,
    conditions: list[tuple[str, str]],
) -> None:
    step = step_of(job, *pods)

    assert (step.makes_pod, step.deletes_pods) == (makes_pod, deletes_pods)
    assert conditions_of(step) == conditions


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_each_failure_doubles_the_wait(failures: int) -> None:
    pods = [make_failed(75, time=NOW, number=number) for number in range(failures)]
    due = NOW + FIRST_BACKOFF * 2 ** (failures - 1)

    waiting = step_of(make_job(), *pods, now=due - timedelta(seconds=1))
    assert (waiting.makes_pod, waiting.next_look) == (False, due)
    assert step_of(make_job(), *pods, now=due).makes_pod


@pytest.mark.parametrize(("kills", "factor"), [(1, 1), (2, 2), (5, 16), (FREE_KILLS, 60)])
def test_a_kill_costs_no_attempt_and_each_one_a_longer_pause(kills: int, factor: int) -> None:
    pods, job = make_killed(kills), make_job(backoff_limit=0)
    due = NOW + factor * FIRST_PAUSE_AFTER_KILL
    assert due <= NOW + LONGEST_PAUSE_AFTER_KILL

    waiting = step_of(job, *pods, now=due - timedelta(seconds=0.5))
    assert (waiting.makes_pod, waiting.next_look) == (False, due)
    assert step_of(job, *pods, now=due).makes_pod


def test_what_is_killed_again_and_again_fails_in_the_end() -> None:
    job = make_job(backoff_limit=2)

    assert conditions_of(step_of(job, *make_killed(FREE_KILLS + 2))) == []
    assert conditions_of(step_of(job, *make_killed(FREE_KILLS + 3))) == [
        ("Failed", "BackoffLimitExceeded")
    ]


def test_kills_and_failures_are_counted_apart() -> None:
    job = make_job(backoff_limit=1)
    kills = make_killed(FREE_KILLS)

    assert conditions_of(step_of(job, *kills, make_failed(139, number=98))) == []
    both = [make_failed(139, number=98), make_failed(139, number=99)]
    assert conditions_of(step_of(job, *kills, *both)) == [("Failed", "BackoffLimitExceeded")]


def test_a_deadline_is_looked_at_when_it_is_due() -> None:
    job = make_job(active_deadline_seconds=90)

    step = step_of(job, RUNNING)

    assert step.next_look == NOW + timedelta(seconds=90)


def test_resumption_begins_the_time_anew() -> None:
    suspended = step_of(make_job(suspend=True, active_deadline_seconds=90)).status
    assert suspended is not None

    resumed = step_of(make_job(active_deadline_seconds=90, status=dict(suspended)))

    assert resumed.makes_pod
    assert resumed.status is not None
    assert (resumed.status["startTime"], resumed.status["conditions"]) == (NOW.isoformat(), [])


def test_a_deleted_job_goes_after_its_pods() -> None:
    job = make_job(deleted=True)

    assert step_of(job, RUNNING) == JobStep(deletes_pods=True)
    assert step_of(job) == JobStep(removes_job=True)


def test_the_message_names_the_rule() -> None:
    status = step_of(make_job(), make_failed(65)).status

    assert status is not None
    assert status["conditions"][0]["message"] == (
        f"Container transcribe for pod newsroom/{CHILD_NAME}-1 failed with exit code 65 "
        "matching FailJob rule at index 1"
    )
