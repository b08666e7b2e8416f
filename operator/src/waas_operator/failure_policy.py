"""What a failure means: which exit codes are final, and what a person is told about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from waas_contract.exit_codes import (
    FREE_EXIT_CODES,
    PERMANENT_EXIT_CODES,
    FailureReason,
    reason_for,
)
from waas_contract.job_environment import TerminationMessage
from waas_contract.job_status import LastFailure
from waas_contract.names import CONTAINER_NAME
from waas_operator.observation import ObservedJob, ObservedPod

_LONGEST_MESSAGE = 1024

_EXPLANATIONS: dict[FailureReason, str] = {
    FailureReason.BAD_AUDIO: "The file is not audio that can be read.",
    FailureReason.SOURCE_NOT_FOUND: "The audio is not in the object store.",
    FailureReason.STORAGE_UNAVAILABLE: "The object store could not be reached.",
    FailureReason.BAD_CONFIGURATION: "The job is not configured rightly; ask an administrator.",
    FailureReason.OUT_OF_MEMORY: (
        "The job ran out of memory; use a smaller model or a profile with more memory."
    ),
    FailureReason.INTERRUPTED: "The pod was told to stop before it was done.",
    FailureReason.INTERNAL_ERROR: "The job program ended unexpectedly; see its log.",
}


@dataclass(frozen=True)
class Failure:
    """Why a job or an attempt failed."""

    reason: FailureReason
    message: str


def build_pod_failure_policy() -> dict[str, Any]:
    """Return the Job's podFailurePolicy (KEP-3329): the first rule that fits decides.

    A disruption costs nothing, a permanent failure ends the Job at once, an unreachable store
    costs nothing, and anything else counts against `backoffLimit`.
    """
    return {
        "rules": [
            {
                "action": "Ignore",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
            {
                "action": "FailJob",
                "onExitCodes": {
                    "containerName": CONTAINER_NAME,
                    "operator": "In",
                    "values": [int(code) for code in PERMANENT_EXIT_CODES],
                },
            },
            {
                "action": "Ignore",
                "onExitCodes": {
                    "containerName": CONTAINER_NAME,
                    "operator": "In",
                    "values": [int(code) for code in FREE_EXIT_CODES],
                },
            },
        ]
    }


def explain_pod_failure(pod: ObservedPod, item_name: str) -> Failure:
    """Return why a pod failed, best of all in the program's own words."""
    try:
        last_words = TerminationMessage.model_validate_json(pod.termination_message)
    except ValidationError:
        last_words = TerminationMessage(outcomes=())
    for outcome in last_words.outcomes:
        if outcome.name == item_name and outcome.reason:
            return Failure(outcome.reason, outcome.message or _explain(outcome.reason))
    if pod.is_out_of_memory:
        reason = FailureReason.OUT_OF_MEMORY
    elif pod.is_disrupted:
        reason = FailureReason.INTERRUPTED
    else:
        reason = reason_for(pod.exit_code or 0)
    return Failure(reason, _explain(reason))


def find_last_failure(pods: Sequence[ObservedPod], item_name: str) -> LastFailure | None:
    """Return the most recent attempt that ended badly."""
    failed = [pod for pod in pods if pod.exit_code]
    if not failed:
        return None
    pod = max(failed, key=lambda each: (each.finish_time is not None, each.finish_time, each.name))
    failure = explain_pod_failure(pod, item_name)
    return LastFailure(
        reason=failure.reason,
        message=failure.message[:_LONGEST_MESSAGE],
        exit_code=pod.exit_code,
        pod_name=pod.name,
        time=pod.finish_time,
    )


def _explain(reason: FailureReason) -> str:
    return _EXPLANATIONS.get(reason, _EXPLANATIONS[FailureReason.INTERNAL_ERROR])


def _parse_reason(text: str) -> FailureReason:
    try:
        return FailureReason(text)
    except ValueError:
        # A status may have been written by another release.
        return FailureReason.INTERNAL_ERROR


def explain_job_failure(job: ObservedJob, last_failure: LastFailure | None) -> Failure:
    """Return why a Job failed for good."""
    if job.failure_reason == "DeadlineExceeded":
        return Failure(
            FailureReason.DEADLINE_EXCEEDED,
            "The job did not end within spec.activeDeadlineSeconds, waiting included.",
        )
    if last_failure is None:
        is_limit = job.failure_reason == "BackoffLimitExceeded"
        return Failure(
            FailureReason.BACKOFF_LIMIT_EXCEEDED if is_limit else FailureReason.INTERNAL_ERROR,
            job.failure_message or "The Job failed without a reason.",
        )
    if job.failure_reason == "PodFailurePolicy":
        return Failure(_parse_reason(last_failure.reason), last_failure.message)
    if last_failure.reason == FailureReason.OUT_OF_MEMORY:
        return Failure(FailureReason.OUT_OF_MEMORY, last_failure.message)
    return Failure(
        FailureReason.BACKOFF_LIMIT_EXCEEDED,
        f"Every attempt failed, the last with {last_failure.reason}: {last_failure.message}",
    )
