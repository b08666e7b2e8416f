"""What holds of every status: phases, times, counts and sizes."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import (
    NOW,
    make_job,
    make_manifest,
    make_observation,
    make_pod,
    make_transcription_job,
)
from waas_contract.exit_codes import FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_status import (
    ConditionReason,
    ConditionType,
    LastFailure,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.manifest import ProgressNote, ResultFile
from waas_contract.object_keys import result_key
from waas_operator.decision import Action, Decision, Verdict
from waas_operator.observation import ManifestState, ObservedPod
from waas_operator.status import derive_status

LATER = NOW + timedelta(minutes=10)
WAITING = Decision(Action.WAIT)
SUCCEEDED = Decision(Action.FINISH, Verdict.SUCCEEDED, ConditionReason.COMPLETED, "Done.")
FAILED = Decision(Action.FINISH, Verdict.FAILED, FailureReason.BAD_AUDIO, "No sound.")
CANCELLED = Decision(Action.FINISH, Verdict.FAILED, FailureReason.CANCELLED, "On request.")
REFUSED = Decision(Action.FINISH, Verdict.REFUSED, FailureReason.SOURCE_FORBIDDEN, "No.")

AT_WORK = make_pod(start_time=NOW)


def derive(
    decision: Decision = WAITING,
    *,
    known: TranscriptionJobStatus | None = None,
    spec: dict[str, Any] | None = None,
    **seen: Any,
) -> TranscriptionJobStatus:
    transcription_job = make_transcription_job(status=known, **(spec or {}))
    return derive_status(make_observation(transcription_job=transcription_job, **seen), decision)


SUSPEND = {"suspend": True}
PHASES = [
    ("nothing is there yet", derive(), Phase.PENDING),
    ("its Job waits", derive(job=make_job()), Phase.QUEUED),
    ("suspended before there is a Job", derive(spec=SUSPEND), Phase.SUSPENDED),
    (
        "its Job is suspended",
        derive(job=make_job(is_suspended=True), spec=SUSPEND),
        Phase.SUSPENDED,
    ),
    ("a pod is at work", derive(job=make_job(), pods=(AT_WORK,)), Phase.RUNNING),
    (
        "to be suspended, but still at work",
        derive(job=make_job(), pods=(AT_WORK,), spec=SUSPEND),
        Phase.RUNNING,
    ),
    (
        "between two attempts",
        derive(job=make_job(), pods=(make_pod(start_time=NOW, exit_code=70),)),
        Phase.QUEUED,
    ),
    ("held by Kueue", derive(job=make_job(is_suspended=True)), Phase.QUEUED),
    ("the results are there", derive(SUCCEEDED), Phase.SUCCEEDED),
    ("failed", derive(FAILED), Phase.FAILED),
    ("refused", derive(REFUSED), Phase.FAILED),
    ("cancelled", derive(CANCELLED), Phase.CANCELLED),
]


@pytest.mark.parametrize(
    ("status", "phase"), [pytest.param(*case[1:], id=case[0]) for case in PHASES]
)
def test_the_phase(status: TranscriptionJobStatus, phase: Phase) -> None:
    assert status.phase == phase
    assert (status.completion_time is not None) == phase.is_final


HAS_STARTED = derive(job=make_job(), pods=(AT_WORK,))
STARTED: list[tuple[str, TranscriptionJobStatus, tuple[str, str, str]]] = [
    ("nothing is there yet", derive(), ("False", "Pending", "")),
    (
        "why it waits is told here, too",
        derive(Decision(Action.WAIT, reason=ConditionReason.PENDING, message="No quota.")),
        ("False", "Pending", "No quota."),
    ),
    ("suspended", derive(spec=SUSPEND), ("False", "Suspended", "spec.suspend is set.")),
    (
        "no node",
        derive(
            job=make_job(),
            pods=(make_pod(is_scheduled=False, unschedulable_message="0/3 nodes: no GPU."),),
        ),
        ("False", "Unschedulable", "0/3 nodes: no GPU."),
    ),
    (
        "no image",
        derive(
            job=make_job(),
            pods=(make_pod(waiting_reason="ErrImagePull", waiting_message="no such image"),),
        ),
        ("False", "ImagePull", "no such image"),
    ),
    (
        "about to start",
        derive(job=make_job(), pods=(make_pod(waiting_reason="ContainerCreating"),)),
        ("False", "Starting", ""),
    ),
    ("at work", HAS_STARTED, ("True", "Running", "")),
    (
        "between two attempts",
        derive(job=make_job(), pods=(make_pod(start_time=NOW, exit_code=70),)),
        ("False", "Retrying", "Waiting for the next attempt."),
    ),
    (
        "its pods are gone after it was at work",
        derive(job=make_job(), known=HAS_STARTED),
        ("False", "Retrying", "Waiting for the next attempt."),
    ),
    (
        "the pod of the next attempt waits",
        derive(
            job=make_job(),
            pods=(make_pod(start_time=NOW, exit_code=70), make_pod(is_scheduled=False)),
        ),
        ("False", "Unschedulable", ""),
    ),
    ("over, and it was at work", derive(FAILED, known=HAS_STARTED), ("True", "Running", "")),
    ("over, and it never began", derive(CANCELLED), ("False", "NotRun", "")),
    (
        "over, and only its pods tell that it was at work",
        derive(FAILED, pods=(make_pod(start_time=NOW, exit_code=65),)),
        ("True", "Running", ""),
    ),
]


@pytest.mark.parametrize(
    ("status", "claim"), [pytest.param(*case[1:], id=case[0]) for case in STARTED]
)
def test_the_condition_started(status: TranscriptionJobStatus, claim: tuple[str, str, str]) -> None:
    found = status.condition(ConditionType.STARTED)

    assert found
    assert (found.status, found.reason, found.message) == claim


def test_results_are_neither_stored_nor_missing_while_the_store_is_away() -> None:
    status = derive(
        Decision(Action.WAIT, reason=ConditionReason.STORAGE_UNAVAILABLE, message="Away.")
    )

    found = status.condition(ConditionType.RESULTS_STORED)
    assert found
    assert (found.status, found.reason, found.message) == ("Unknown", "StorageUnavailable", "Away.")


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    first = derive(job=make_job())
    same = derive(
        Decision(Action.WAIT, reason=ConditionReason.CANCELLING, message="Soon."),
        job=make_job(),
        known=first,
        now=LATER,
    )
    ended = derive(CANCELLED, known=same, now=LATER)

    def times(status: TranscriptionJobStatus) -> list[bool]:
        return [each.last_transition_time == NOW for each in status.conditions]

    assert times(same) == [True, True, True, True]
    assert same.conditions[3].reason == "Cancelling"
    assert times(ended) == [True, True, False, False]


def test_what_was_known_is_not_forgotten_when_the_pods_are_gone() -> None:
    failure = LastFailure(reason="InternalError", message="Odd.", pod_name="gone")
    note = ProgressNote(processed_seconds=3, duration_seconds=9, updated_time=NOW)
    first = derive(job=make_job(), pods=(AT_WORK,), progress=note)
    known = first.model_copy(update={"last_failure": failure, "attempts": 3})

    status = derive(job=make_job(), known=known, now=LATER)

    for field in ("attempts", "queued_time", "start_time", "progress", "audio", "last_failure"):
        assert getattr(status, field) == getattr(known, field), field


@given(
    known=st.integers(0, 5),
    pods=st.lists(st.sampled_from([AT_WORK, make_pod(), make_pod(start_time=NOW, exit_code=1)])),
)
def test_attempts_never_fall(known: int, pods: list[ObservedPod]) -> None:
    status = derive(job=make_job(), pods=tuple(pods), known=TranscriptionJobStatus(attempts=known))

    assert status.attempts >= known
    assert status.attempts >= sum(pod.start_time is not None for pod in pods)


@given(
    processed=st.floats(0, allow_infinity=False),
    duration=st.floats(0, allow_infinity=False),
    decision=st.sampled_from([WAITING, FAILED, CANCELLED, REFUSED]),
)
def test_progress_is_never_100_before_the_manifest(
    processed: float, duration: float, decision: Decision
) -> None:
    note = ProgressNote(processed_seconds=processed, duration_seconds=duration, updated_time=NOW)

    status = derive(decision, job=make_job(), pods=(AT_WORK,), progress=note)

    assert status.progress
    assert 0 <= status.progress.percent < 100


SOON = NOW + timedelta(seconds=15)
STEPS = [
    ("the first note is news, were it of nothing done", None, (0, 100), SOON, True),
    ("as much of nothing is not", (0, 100), (0, 100), LATER, False),
    ("the first of speed is, for the estimates", (0, 100), (1, 100), SOON, True),
    ("4 points are not worth a write", (20, 100), (24, 100), SOON, False),
    ("5 points are", (20, 100), (25, 100), SOON, True),
    ("a pod that begins anew a little behind is not", (20, 100), (16, 100), SOON, False),
    ("one that begins far behind is", (20, 100), (15, 100), SOON, True),
    ("nor are the last 4 points before the manifest", (95, 100), (99, 100), SOON, False),
    ("another length is written anyway", (50, 100), (51, 104), SOON, True),
    ("a long job is seen to live every five minutes", (20, 100), (21, 100), LATER, True),
]


@pytest.mark.parametrize(
    ("told", "done", "now", "is_written"),
    [each[1:] for each in STEPS],
    ids=[each[0] for each in STEPS],
)
def test_progress_is_written_in_steps(
    told: tuple[int, int] | None, done: tuple[int, int], now: datetime, is_written: bool
) -> None:
    def note(seconds: tuple[int, int], now: datetime) -> ProgressNote:
        processed, duration = seconds
        return ProgressNote(
            processed_seconds=processed, duration_seconds=duration, updated_time=now
        )

    known = derive(job=make_job(), pods=(AT_WORK,), progress=note(told, NOW) if told else None)

    status = derive(job=make_job(), pods=(AT_WORK,), progress=note(done, now), known=known)

    assert status.progress
    if is_written:
        assert (status.progress.processed_seconds, status.progress.updated_time) == (done[0], now)
    else:
        # Nothing at all, and not only nothing of the progress.
        assert status == known


def test_progress_is_100_with_the_manifest_alone() -> None:
    manifest = make_manifest(make_transcription_job())

    status = derive(SUCCEEDED, manifest=manifest, manifest_state=ManifestState.PRESENT)

    assert status.progress
    assert (status.progress.percent, status.progress.processed_seconds) == (100, 9.5)


WORDS = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=50)


@given(words=WORDS, verdict=st.sampled_from(Verdict), is_pending=st.booleans())
def test_a_status_is_small_and_can_be_stored(
    words: str, verdict: Verdict, is_pending: bool
) -> None:
    message = words * 200
    transcription_job = make_transcription_job()
    files = tuple(
        ResultFile(
            format=each, key=result_key("n" * 63, "a" * 63, 10, each), bytes=10**12, sha256=""
        )
        for each in OutputFormat
    )
    pending = make_pod(is_scheduled=False, unschedulable_message=message)
    status = derive(
        Decision(Action.FINISH, verdict, FailureReason.BACKOFF_LIMIT_EXCEEDED, message),
        job=make_job(),
        known=TranscriptionJobStatus(
            last_failure=LastFailure(reason="InternalError", message=message[:1024])
        ),
        pods=(pending if is_pending else AT_WORK,),
        manifest=make_manifest(transcription_job, files=files),
    )

    content = json.dumps(status.to_wire(), ensure_ascii=False)

    assert TranscriptionJobStatus.model_validate_json(content) == status
    assert len(content.encode()) < 10_000
    assert all(len(each.message) <= 1024 for each in status.conditions)
