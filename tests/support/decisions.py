"""Decisions, and what they are made from, in the words of the tests' tables."""

from datetime import datetime, timedelta
from typing import Any

from support.builders import (
    NOW,
    make_observation,
    make_settings,
    make_transcription_job,
)
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import (
    ConditionReason,
    LastFailure,
    TranscriptionJobStatus,
)
from waas_operator.decision import Action, Decision, Verdict
from waas_operator.observation import ManifestState, Observation, ObservedJob

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
SETTINGS = make_settings()

IN_PROGRESS = ConditionReason.IN_PROGRESS
AWAY = ConditionReason.STORAGE_UNAVAILABLE
DONE = Decision(
    Action.FINISH, Verdict.SUCCEEDED, ConditionReason.COMPLETED, "The transcript is stored."
)
NOTHING = Decision(Action.WAIT)
LAST_POD = Decision(
    Action.WAIT, reason=ConditionReason.CANCELLING, message="Waiting for the last pod to end."
)


def see(
    job: ObservedJob | None = None,
    manifest: ManifestState = ManifestState.NOT_ASKED,
    *,
    urls_end: datetime | None = NOW + 12 * HOUR,
    url_lifetime: timedelta | None = 12 * HOUR,
    last_failure: LastFailure | None = None,
    pods: tuple[Any, ...] = (),
    **spec: Any,
) -> Observation:
    """Return what is seen of a TranscriptionJob whose URLs are fresh."""
    status = TranscriptionJobStatus(urls_expiration_time=urls_end, last_failure=last_failure)
    return make_observation(
        transcription_job=make_transcription_job(status=status, **spec),
        job=job,
        pods=pods,
        manifest_state=manifest,
        url_lifetime=url_lifetime,
    )


def fail(reason: FailureReason, message: str) -> Decision:
    return Decision(Action.FINISH, Verdict.FAILED, reason, message)


def refuse(reason: FailureReason, message: str) -> Decision:
    return Decision(Action.FINISH, Verdict.REFUSED, reason, message)


def wait(reason: ConditionReason | FailureReason, message: str) -> Decision:
    return Decision(Action.WAIT, reason=reason, message=message)


ABSENT, PRESENT, UNKNOWN = ManifestState.ABSENT, ManifestState.PRESENT, ManifestState.UNKNOWN
PARTIAL = ManifestState.PARTIAL
