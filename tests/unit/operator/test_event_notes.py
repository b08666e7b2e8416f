"""What people are told of a TranscriptionJob: each kind once, repetitions counted."""

from typing import Any

import pytest

from support.builders import NOW, make_transcription_job
from waas_contract.job_status import (
    Condition,
    ConditionType,
    LastFailure,
    Phase,
    TranscriptionJobStatus,
)
from waas_operator.event_notes import (
    EventNote,
    EventReason,
    build_event,
    build_series,
    note_events,
)


def status(phase: Phase = Phase.QUEUED, **facts: Any) -> TranscriptionJobStatus:
    return TranscriptionJobStatus(phase=phase, **{"job_name": "interview-0f9e8d7c", **facts})


def ended(phase: Phase, reason: str, message: str) -> TranscriptionJobStatus:
    succeeded = Condition(
        type=ConditionType.SUCCEEDED,
        status="True" if phase is Phase.SUCCEEDED else "False",
        reason=reason,
        message=message,
        last_transition_time=NOW,
    )
    return status(phase, conditions=(succeeded,))


KILLED = LastFailure(reason="OutOfMemory", message="The pod took too much memory.")
TOLD: list[tuple[str, TranscriptionJobStatus | None, TranscriptionJobStatus, list[EventNote]]] = [
    (
        "its Job was made",
        None,
        status(),
        [EventNote(EventReason.ACCEPTED, "Made the Job interview-0f9e8d7c.")],
    ),
    (
        "it began to run",
        status(),
        status(Phase.RUNNING, start_time=NOW),
        [EventNote(EventReason.STARTED, "A container runs.")],
    ),
    ("its progress is no event", status(Phase.RUNNING), status(Phase.RUNNING, attempts=1), []),
    (
        "a pod failed and another is to come",
        status(Phase.RUNNING, failed_pods=1),
        status(failed_pods=2, last_failure=KILLED),
        [
            EventNote(
                EventReason.RETRYING,
                "OutOfMemory: The pod took too much memory.",
                is_warning=True,
                count=2,
            )
        ],
    ),
    (
        "a pod was lost without a word",
        status(Phase.RUNNING),
        status(failed_pods=1),
        [EventNote(EventReason.RETRYING, "A pod was lost.", is_warning=True)],
    ),
    (
        "it ended well",
        status(Phase.RUNNING),
        ended(Phase.SUCCEEDED, "Completed", "The transcript is stored."),
        [EventNote(EventReason.SUCCEEDED, "The transcript is stored.")],
    ),
    (
        "the last pod failed",
        status(Phase.RUNNING),
        ended(Phase.FAILED, "BadAudio", "It is no audio.").model_copy(update={"failed_pods": 1}),
        [EventNote(EventReason.FAILED, "BadAudio: It is no audio.", is_warning=True)],
    ),
    (
        "it was refused at first sight",
        None,
        ended(Phase.FAILED, "SourceForbidden", "Not yours.").model_copy(update={"job_name": None}),
        [EventNote(EventReason.FAILED, "SourceForbidden: Not yours.", is_warning=True)],
    ),
    (
        "somebody cancelled it",
        status(),
        ended(Phase.CANCELLED, "Cancelled", "Cancelled on request."),
        [EventNote(EventReason.CANCELLED, "Cancelled on request.")],
    ),
    (
        "what has ended is not told again",
        ended(Phase.SUCCEEDED, "Completed", "The transcript is stored."),
        ended(Phase.SUCCEEDED, "Completed", "The transcript is stored."),
        [],
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "notes"), [pytest.param(*case[1:], id=case[0]) for case in TOLD]
)
def test_people_are_told_that(
    before: TranscriptionJobStatus | None,
    after: TranscriptionJobStatus,
    notes: list[EventNote],
) -> None:
    assert note_events(make_transcription_job(status=before), after) == notes


def test_there_are_six_kinds_of_events_at_most() -> None:
    assert len(EventReason) <= 6


def test_an_event_names_its_job_and_can_be_made_only_once() -> None:
    note = EventNote(EventReason.FAILED, "x" * 2000, is_warning=True)

    event = build_event(make_transcription_job(), note, "waas-operator-0", NOW)

    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "interview.0f9e8d7c.failed", "namespace": "newsroom"},
        "eventTime": "2026-11-22T12:00:00.000000Z",
        "reportingController": "waas.dev/operator",
        "reportingInstance": "waas-operator-0",
        "action": "Reconcile",
        "reason": "Failed",
        "regarding": {
            "apiVersion": "waas.dev/v1alpha1",
            "kind": "TranscriptionJob",
            "namespace": "newsroom",
            "name": "interview",
            "uid": "0f9e8d7c-0000-4000-8000-000000000000",
        },
        "note": "x" * 1024,
        "type": "Warning",
    }


def test_what_happens_again_is_counted() -> None:
    note = EventNote(EventReason.RETRYING, "A pod was lost.", is_warning=True, count=3)

    assert build_series(note, NOW) == {
        "series": {"count": 3, "lastObservedTime": "2026-11-22T12:00:00.000000Z"}
    }
