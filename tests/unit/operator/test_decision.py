"""One step for everything that can be seen of a TranscriptionJob."""

from datetime import timedelta
from typing import Any

import pytest

from support.builders import (
    CHILD_NAME,
    NOW,
    make_job,
    make_manifest,
    make_observation,
    make_pod,
    make_settings,
    make_transcription_job,
)
from support.decisions import (
    ABSENT,
    AWAY,
    DONE,
    HOUR,
    IN_PROGRESS,
    LAST_POD,
    NOTHING,
    PARTIAL,
    PRESENT,
    SETTINGS,
    UNKNOWN,
    fail,
    refuse,
    see,
    wait,
)
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionReason, LastFailure
from waas_contract.manifest import AudioFacts
from waas_contract.transcription_job import Source
from waas_operator.decision import Action, Decision, Verdict, decide, needs_manifest
from waas_operator.job_manifest import build_job
from waas_operator.observation import Observation, ObservedJob
from waas_operator.settings import Profile

FOREIGN = Source(key="payroll/a.mp3")
MISSING = fail(
    FailureReason.RESULTS_MISSING, "The Job completed, but its results are not in the store."
)
CANCELLED = fail(FailureReason.CANCELLED, "Cancelled on request.")
MADE_ANEW = wait(ConditionReason.RETRYING, "Its Job was deleted and will be made anew.")


def completed(before: timedelta) -> ObservedJob:
    return make_job(is_complete=True, finish_time=NOW - before)


WITHOUT_JOB = [
    ("a new one", see(None, ABSENT), Decision(Action.START)),
    (
        "a new one, suspended: its Job waits in its place",
        see(None, ABSENT, suspend=True),
        Decision(Action.START),
    ),
    ("a restored one whose results are there", see(None, PRESENT), DONE),
    ("cancelled too late: the results are there", see(None, PRESENT, cancelled=True), DONE),
    (
        "the store is away: nothing is begun that may be done already",
        see(None, UNKNOWN),
        wait(AWAY, "Waiting for the object store to come back."),
    ),
    ("cancelled before it began", see(None, ABSENT, cancelled=True), CANCELLED),
    ("cancelled after a part of it was heard", see(None, PARTIAL, cancelled=True), CANCELLED),
    (
        "a part was heard: it goes on",
        see(None, PARTIAL),
        Decision(Action.START),
    ),
    (
        "cancelled while the store is away: there may be results",
        see(None, UNKNOWN, cancelled=True),
        wait(AWAY, "Waiting for the object store to come back."),
    ),
    (
        "cancelled, and a pod has outlived its Job",
        see(None, ABSENT, cancelled=True, pods=(make_pod(start_time=NOW),)),
        LAST_POD,
    ),
    (
        "audio of another namespace",
        see(None, ABSENT, source=FOREIGN),
        refuse(
            FailureReason.SOURCE_FORBIDDEN,
            "spec.source.key: must begin with 'newsroom/', the prefix of its own namespace",
        ),
    ),
    (
        "a profile that nobody made",
        see(None, ABSENT, profile="huge"),
        refuse(FailureReason.PROFILE_NOT_FOUND, "spec.profile: 'huge' is not one of: default"),
    ),
    (
        "cancelled and forbidden: cancelled",
        see(None, ABSENT, cancelled=True, source=FOREIGN),
        CANCELLED,
    ),
]

WITH_JOB = [
    ("a Job at work", see(make_job()), NOTHING),
    (
        "a Job of somebody else",
        see(make_job(is_ours=False)),
        fail(FailureReason.NAME_CONFLICT, f"A Job named '{CHILD_NAME}' exists and is not ours."),
    ),
    (
        "cancelled at work",
        see(make_job(), cancelled=True),
        Decision(Action.DELETE_JOB, reason=ConditionReason.CANCELLING),
    ),
    (
        "cancelled, its pods are about to end",
        see(make_job(is_deleting=True), cancelled=True),
        LAST_POD,
    ),
    ("somebody deletes its Job", see(make_job(is_deleting=True)), MADE_ANEW),
    (
        "somebody deletes its Job after it failed",
        see(make_job(is_deleting=True, failure_reason="BackoffLimitExceeded"), ABSENT),
        MADE_ANEW,
    ),
    (
        "its Job is deleted, but the results are there",
        see(make_job(is_deleting=True, is_complete=True), PRESENT),
        DONE,
    ),
    ("to be suspended", see(make_job(), suspend=True), Decision(Action.SUSPEND)),
    ("suspended", see(make_job(is_suspended=True), suspend=True), NOTHING),
    ("to be resumed", see(make_job(is_suspended=True)), Decision(Action.RESUME)),
    (
        "held by Kueue",
        see(make_job(is_suspended=True, is_queued_by_kueue=True)),
        wait(ConditionReason.WAITING_FOR_QUOTA, "Waiting for a place in Kueue's queue."),
    ),
    ("admitted by Kueue", see(make_job(is_queued_by_kueue=True)), NOTHING),
    (
        "to be suspended, and admitted by Kueue, to whom its place goes back",
        see(make_job(is_queued_by_kueue=True), suspend=True),
        Decision(Action.DELETE_JOB, reason=ConditionReason.SUSPENDED),
    ),
    (
        "to be suspended, and in Kueue's queue, which it leaves",
        see(make_job(is_queued_by_kueue=True, is_suspended=True), suspend=True),
        Decision(Action.DELETE_JOB, reason=ConditionReason.SUSPENDED),
    ),
    (
        "on its way out of Kueue's queue",
        see(make_job(is_queued_by_kueue=True, is_deleting=True), suspend=True),
        wait(ConditionReason.SUSPENDED, "Waiting for the last pod to end."),
    ),
    (
        "cancelled and to be suspended: cancelled",
        see(make_job(), cancelled=True, suspend=True),
        Decision(Action.DELETE_JOB, reason=ConditionReason.CANCELLING),
    ),
]

RENEWALS = [
    (
        "the URLs have most of their life before them",
        see(make_job(), urls_end=NOW + 7 * HOUR),
        NOTHING,
    ),
    ("half of it is over", see(make_job(), urls_end=NOW + 6 * HOUR), Decision(Action.RENEW_URLS)),
    ("they have ended", see(make_job(), urls_end=NOW - HOUR), Decision(Action.RENEW_URLS)),
    (
        "new ones would end with the same credentials",
        see(make_job(), urls_end=NOW + HOUR, url_lifetime=HOUR),
        NOTHING,
    ),
    (
        "there are new credentials, by which new ones live twice as long",
        see(make_job(), urls_end=NOW + HOUR, url_lifetime=2 * HOUR),
        Decision(Action.RENEW_URLS),
    ),
    (
        "none can be signed now",
        see(make_job(), urls_end=NOW + HOUR, url_lifetime=None),
        NOTHING,
    ),
    (
        "nobody noted when they end: the operator died between two writes",
        see(make_job(), urls_end=None),
        Decision(Action.RENEW_URLS),
    ),
    (
        "there is no status at all",
        make_observation(job=make_job()),
        Decision(Action.RENEW_URLS),
    ),
    (
        "suspended, for the time after",
        see(make_job(is_suspended=True), suspend=True, urls_end=NOW),
        Decision(Action.RENEW_URLS),
    ),
    (
        "nobody needs them: the store is asked for results",
        see(completed(HOUR), ABSENT, urls_end=NOW),
        MISSING,
    ),
]

BAD_POD = make_pod(exit_code=65, finish_time=NOW)
FINISHED = [
    ("complete, with results", see(completed(HOUR), PRESENT), DONE),
    (
        "complete, and the store is away",
        see(completed(HOUR), UNKNOWN),
        wait(AWAY, "Waiting for the object store to come back."),
    ),
    (
        "complete a moment ago, without results",
        see(completed(timedelta(seconds=59)), ABSENT),
        wait(IN_PROGRESS, "Waiting for the manifest."),
    ),
    (
        "complete for a minute, without results",
        see(completed(timedelta(seconds=60)), ABSENT),
        MISSING,
    ),
    (
        "complete, nobody knows since when, without results",
        see(make_job(is_complete=True), ABSENT),
        wait(IN_PROGRESS, "Waiting for the manifest."),
    ),
    (
        "failed, with results: a pod died after its last write",
        see(make_job(failure_reason="BackoffLimitExceeded"), PRESENT),
        DONE,
    ),
    (
        "failed, and the store is away: there may be results",
        see(make_job(failure_reason="BackoffLimitExceeded"), UNKNOWN),
        wait(AWAY, "Waiting for the object store to come back."),
    ),
    (
        "failed for good",
        see(make_job(failure_reason="PodFailurePolicy"), ABSENT, pods=(BAD_POD,)),
        fail(FailureReason.BAD_AUDIO, "The file is not audio that can be read."),
    ),
    (
        "failed for good, and its pods are gone: what the status remembers",
        see(
            make_job(failure_reason="PodFailurePolicy"),
            ABSENT,
            last_failure=LastFailure(reason="BadAudio", message="No sound."),
        ),
        fail(FailureReason.BAD_AUDIO, "No sound."),
    ),
    (
        "failed before there was any status",
        make_observation(
            job=make_job(failure_reason="JobFailed", failure_message="Odd."), manifest_state=ABSENT
        ),
        fail(FailureReason.INTERNAL_ERROR, "Odd."),
    ),
    (
        "cancelled after it failed: it failed",
        see(make_job(failure_reason="DeadlineExceeded"), ABSENT, cancelled=True),
        fail(
            FailureReason.DEADLINE_EXCEEDED,
            "The job did not end within spec.activeDeadlineSeconds, waiting included.",
        ),
    ),
]


NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
HINDRANCES = [
    (
        "a pod that no node has room for",
        see(make_job(), pods=(make_pod(is_scheduled=False, unschedulable_message=NO_GPU),)),
        wait(ConditionReason.UNSCHEDULABLE, NO_GPU),
    ),
    (
        "a pod whose image cannot be had",
        see(
            make_job(),
            pods=(make_pod(waiting_reason="ImagePullBackOff", waiting_message="no such image"),),
        ),
        wait(ConditionReason.IMAGE_PULL, "no such image"),
    ),
    (
        "a pod that is about to start",
        see(make_job(), pods=(make_pod(waiting_reason="ContainerCreating"),)),
        NOTHING,
    ),
    (
        "an attempt without a node beside one that runs: the job is under way",
        see(make_job(), pods=(make_pod(start_time=NOW), make_pod(name="b", is_scheduled=False))),
        NOTHING,
    ),
]


@pytest.mark.parametrize(
    ("observation", "decision"),
    [
        pytest.param(*case[1:], id=case[0])
        for case in (*WITHOUT_JOB, *WITH_JOB, *RENEWALS, *HINDRANCES, *FINISHED)
    ],
)
def test_the_next_step(observation: Observation, decision: Decision) -> None:
    assert decide(observation, SETTINGS) == decision


def test_damage_is_told_beside_the_success() -> None:
    job = make_transcription_job()
    audio = AudioFacts(duration_seconds=9, language="en", is_damaged=True)
    observation = make_observation(
        transcription_job=job, manifest_state=PRESENT, manifest=make_manifest(job, audio=audio)
    )

    decision = decide(observation, SETTINGS)

    assert decision.verdict is Verdict.SUCCEEDED
    assert "The recording is damaged" in decision.message


MANIFEST_NEEDED = [
    ("no Job: there may be results of an earlier life", None, True),
    ("a Job at work", make_job(), False),
    ("a suspended Job", make_job(is_suspended=True), False),
    ("a complete Job", make_job(is_complete=True), True),
    ("a failed Job", make_job(failure_reason="JobFailed"), True),
]


@pytest.mark.parametrize(
    ("job", "is_needed"), [pytest.param(*case[1:], id=case[0]) for case in MANIFEST_NEEDED]
)
def test_when_the_manifest_decides(job: ObservedJob | None, is_needed: bool) -> None:
    assert needs_manifest(make_observation(job=job)) is is_needed


def test_a_decision_is_final_unless_it_is_in_progress() -> None:
    finals = {verdict for verdict in Verdict if Decision(Action.WAIT, verdict).is_final}

    assert finals == {Verdict.SUCCEEDED, Verdict.FAILED, Verdict.REFUSED}


def test_one_that_is_suspended_enters_no_queue_of_kueues() -> None:
    settings = make_settings(queue_names={"newsroom": "gpus"})

    assert decide(see(None, ABSENT, suspend=True), settings) == wait(
        ConditionReason.SUSPENDED, "spec.suspend is set."
    )
    assert decide(see(None, ABSENT), settings) == Decision(Action.START)


def test_one_that_is_suspended_enters_no_queue_that_it_names() -> None:
    suspended = see(None, ABSENT, suspend=True, queue_name="gpus")

    assert decide(suspended, make_settings()).reason is ConditionReason.SUSPENDED
    without_kueue = make_settings(jobs_name_queues=False)
    assert decide(suspended, without_kueue).action is Action.START


OF_NAMESPACE = {"queue_names": {"newsroom": "gpus"}}
OF_PROFILE = {"profiles": {"default": Profile(queue_name="night")}}
QUEUES: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("no queue", {}, None, None),
    ("the namespace's", OF_NAMESPACE, None, "gpus"),
    ("another namespace's", {"queue_names": {"radio": "gpus"}}, None, None),
    ("the profile's goes before", OF_NAMESPACE | OF_PROFILE, None, "night"),
    ("the job's own goes before both", OF_NAMESPACE | OF_PROFILE, "urgent", "urgent"),
    ("the job's own is enough", {}, "urgent", "urgent"),
    ("there is no Kueue", {"jobs_name_queues": False}, "urgent", None),
    ("jobs may not choose", OF_NAMESPACE | {"jobs_name_queues": False}, "urgent", "gpus"),
]


@pytest.mark.parametrize(
    ("settings", "of_job", "queue"),
    [pytest.param(*case[1:], id=case[0]) for case in QUEUES],
)
def test_the_queue_of_a_job(
    settings: dict[str, Any], of_job: str | None, queue: str | None
) -> None:
    job = build_job(make_transcription_job(queue_name=of_job), make_settings(**settings))

    assert job["metadata"]["labels"].get("kueue.x-k8s.io/queue-name") == queue
    assert job["spec"]["suspend"] == (queue is not None)
    assert "kueue.x-k8s.io/queue-name" not in job["spec"]["template"]["metadata"]["labels"]
