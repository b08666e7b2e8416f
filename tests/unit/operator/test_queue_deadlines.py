"""What becomes of a TranscriptionJob that has to start within a time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from support.builders import (
    NOW,
    make_job,
    make_observation,
    make_pod,
    make_transcription_job,
)
from support.decisions import (
    ABSENT,
    AWAY,
    DONE,
    HOUR,
    NOTHING,
    PRESENT,
    SECOND,
    SETTINGS,
    UNKNOWN,
    fail,
    wait,
)
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import (
    Condition,
    ConditionReason,
    ConditionType,
    TranscriptionJobStatus,
)
from waas_operator.decision import Action, Decision, decide
from waas_operator.observation import ManifestState, Observation, ObservedJob

TOO_LATE = fail(
    FailureReason.QUEUE_DEADLINE_EXCEEDED,
    "The job did not start within spec.queueDeadlineSeconds.",
)
DELETE_LATE_JOB = Decision(Action.DELETE_JOB, reason=FailureReason.QUEUE_DEADLINE_EXCEEDED)
WAIT_FOR_LATE_PODS = wait(FailureReason.QUEUE_DEADLINE_EXCEEDED, "Waiting for the last pod to end.")


def see_waiting(
    job: ObservedJob | None = None,
    manifest: ManifestState = ManifestState.NOT_ASKED,
    *,
    since: timedelta,
    start_time: datetime | None = None,
    is_decided: bool = False,
    pods: tuple[Any, ...] = (),
    **spec: Any,
) -> Observation:
    """Return what is seen of one that has to start within an hour, and waits."""
    decided = Condition(
        type=ConditionType.SUCCEEDED,
        status="Unknown",
        reason=FailureReason.QUEUE_DEADLINE_EXCEEDED,
        last_transition_time=NOW,
    )
    status = TranscriptionJobStatus(
        queued_time=NOW - since,
        start_time=start_time,
        urls_expiration_time=NOW + 12 * HOUR,
        conditions=(decided,) if is_decided else (),
    )
    spec = {"queue_deadline_seconds": 3600, **spec}
    return make_observation(
        transcription_job=make_transcription_job(status=status, **spec),
        job=job,
        pods=pods,
        manifest_state=manifest,
    )


QUEUE_DEADLINES = [
    ("there is still time", see_waiting(make_job(), since=HOUR - SECOND), NOTHING),
    ("its time is over: no pod may live on", see_waiting(make_job(), since=HOUR), DELETE_LATE_JOB),
    (
        "the Job goes, with its pods",
        see_waiting(make_job(is_deleting=True), since=HOUR),
        WAIT_FOR_LATE_PODS,
    ),
    ("then it fails", see_waiting(None, ABSENT, since=HOUR), TOO_LATE),
    (
        "a pod has outlived its Job",
        see_waiting(None, ABSENT, since=HOUR, pods=(make_pod(),)),
        WAIT_FOR_LATE_PODS,
    ),
    ("it never got a Job", see_waiting(None, ABSENT, since=2 * HOUR), TOO_LATE),
    (
        "nobody knows whether it was done before",
        see_waiting(None, UNKNOWN, since=HOUR),
        wait(AWAY, "Waiting for the object store to come back."),
    ),
    ("it was done before", see_waiting(None, PRESENT, since=HOUR), DONE),
    (
        "it has begun, however late that is seen",
        see_waiting(make_job(), since=HOUR, pods=(make_pod(start_time=NOW),)),
        NOTHING,
    ),
    (
        "it began, and waits for another attempt",
        see_waiting(make_job(), since=2 * HOUR, start_time=NOW - HOUR),
        NOTHING,
    ),
    (
        "a pod begins while its Job goes: what is decided stays",
        see_waiting(
            make_job(is_deleting=True),
            since=HOUR,
            is_decided=True,
            start_time=NOW,
            pods=(make_pod(start_time=NOW),),
        ),
        WAIT_FOR_LATE_PODS,
    ),
    (
        "and is carried out",
        see_waiting(None, ABSENT, since=HOUR, is_decided=True, start_time=NOW),
        TOO_LATE,
    ),
    (
        "suspended, it waits for nobody but who suspended it",
        see_waiting(make_job(is_suspended=True), since=2 * HOUR, suspend=True),
        NOTHING,
    ),
    (
        "Kueue's queue is a queue",
        see_waiting(make_job(is_suspended=True, is_queued_by_kueue=True), since=HOUR),
        DELETE_LATE_JOB,
    ),
    (
        "evicted by Kueue",
        see_waiting(
            make_job(is_suspended=True, is_queued_by_kueue=True), since=HOUR, start_time=NOW
        ),
        wait(
            ConditionReason.EVICTED,
            "Kueue gave its place to others; it goes on when there is one.",
        ),
    ),
    (
        "cancelled goes before",
        see_waiting(make_job(), since=HOUR, cancelled=True),
        Decision(Action.DELETE_JOB, reason=ConditionReason.CANCELLING),
    ),
    (
        "it need not start at any time",
        see_waiting(make_job(), since=240 * HOUR, queue_deadline_seconds=None),
        NOTHING,
    ),
]


@pytest.mark.parametrize(
    ("observation", "decision"), [pytest.param(*case[1:], id=case[0]) for case in QUEUE_DEADLINES]
)
def test_the_next_step_where_the_start_is_due(observation: Observation, decision: Decision) -> None:
    assert decide(observation, SETTINGS) == decision
