"""Why a Job failed for good, from what Kubernetes says and what its last pod said."""

import pytest

from support.builders import make_job
from waas_contract.exit_codes import ExitCode, FailureReason
from waas_contract.job_status import LastFailure
from waas_operator.failure_policy import Failure, explain_job_failure


def make_last_failure(reason: str) -> LastFailure:
    return LastFailure(reason=reason, message="It was so.", exit_code=int(ExitCode.INTERNAL_ERROR))


JOBS: list[tuple[str, str, LastFailure | None, FailureReason, str]] = [
    (
        "a deadline counts more than what its pods say",
        "DeadlineExceeded",
        make_last_failure("InternalError"),
        FailureReason.DEADLINE_EXCEEDED,
        "The job did not end within spec.activeDeadlineSeconds, waiting included.",
    ),
    (
        "a permanent failure is the pod's own",
        "PodFailurePolicy",
        make_last_failure("BadAudio"),
        FailureReason.BAD_AUDIO,
        "It was so.",
    ),
    (
        "a permanent failure with a reason of another release",
        "PodFailurePolicy",
        make_last_failure("TooLoud"),
        FailureReason.INTERNAL_ERROR,
        "It was so.",
    ),
    (
        "too many attempts name the last one",
        "BackoffLimitExceeded",
        make_last_failure("InternalError"),
        FailureReason.BACKOFF_LIMIT_EXCEEDED,
        "Every attempt failed, the last with InternalError: It was so.",
    ),
    (
        "too little memory is what a person can do something about",
        "BackoffLimitExceeded",
        make_last_failure("OutOfMemory"),
        FailureReason.OUT_OF_MEMORY,
        "It was so.",
    ),
    (
        "nobody saw a pod fail: what the Job controller says",
        "BackoffLimitExceeded",
        None,
        FailureReason.BACKOFF_LIMIT_EXCEEDED,
        "Job has reached the specified backoff limit",
    ),
]


@pytest.mark.parametrize(
    ("job_reason", "last_failure", "reason", "message"),
    [pytest.param(*case[1:], id=case[0]) for case in JOBS],
)
def test_why_a_job_failed(
    job_reason: str, last_failure: LastFailure | None, reason: FailureReason, message: str
) -> None:
    job = make_job(
        failure_reason=job_reason, failure_message="Job has reached the specified backoff limit"
    )

    assert explain_job_failure(job, last_failure) == Failure(reason, message)


def test_a_job_that_failed_without_a_word() -> None:
    failure = explain_job_failure(make_job(failure_reason="JobFailed"), None)

    assert failure == Failure(FailureReason.INTERNAL_ERROR, "The Job failed without a reason.")
