"""Decides what to do about one TranscriptionJob and what may be said of it. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionReason, ConditionType
from waas_operator.failure_policy import explain_job_failure, find_last_failure
from waas_operator.observation import ManifestState, Observation, ObservedJob
from waas_operator.settings import ReconcileSettings
from waas_operator.source_policy import explain_forbidden_source

MANIFEST_GRACE = timedelta(seconds=60)
"""How long a completed Job's manifest may take to be seen before it counts as missing."""

_LAST_POD = "Waiting for the last pod to end."
_TOO_LATE = "The job did not start within spec.queueDeadlineSeconds."

_IMAGE_PULL_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


class Action(Enum):
    """What to change in the cluster; each is safe to do twice."""

    WAIT = auto()
    START = auto()
    """Write the Secret, then the Job."""

    RENEW_URLS = auto()
    SUSPEND = auto()
    RESUME = auto()
    DELETE_JOB = auto()
    FINISH = auto()
    """Delete the Secret; the status that is written next is the last one."""


class Verdict(Enum):
    """What is known of the end."""

    IN_PROGRESS = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    REFUSED = auto()
    """Failed before it was accepted."""


@dataclass(frozen=True)
class Decision:
    """One step, and the reason and sentence that go into the condition Succeeded."""

    action: Action
    verdict: Verdict = Verdict.IN_PROGRESS
    reason: ConditionReason | FailureReason = ConditionReason.IN_PROGRESS
    message: str = ""

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will be decided about the job any more."""
        return self.verdict is not Verdict.IN_PROGRESS


def _fail(reason: FailureReason, message: str, verdict: Verdict = Verdict.FAILED) -> Decision:
    return Decision(Action.FINISH, verdict, reason, message)


def _succeed(observation: Observation) -> Decision:
    message = "The transcript is stored."
    if observation.manifest and observation.manifest.audio.is_damaged:
        message += " The recording is damaged: what could not be read of it is missing."
    return Decision(Action.FINISH, Verdict.SUCCEEDED, ConditionReason.COMPLETED, message)


def _wait(reason: ConditionReason | FailureReason, message: str) -> Decision:
    return Decision(Action.WAIT, reason=reason, message=message)


def _wait_for_storage() -> Decision:
    return _wait(ConditionReason.STORAGE_UNAVAILABLE, "Waiting for the object store to come back.")


@dataclass(frozen=True)
class Hindrance:
    """What keeps a pod from starting that will not go away by itself."""

    reason: ConditionReason
    message: str


_QUEUE_HINDRANCES = {
    False: Hindrance(ConditionReason.WAITING_FOR_QUOTA, "Waiting for a place in Kueue's queue."),
    True: Hindrance(
        ConditionReason.EVICTED, "Kueue gave its place to others; it goes on when there is one."
    ),
}
"""By whether the job had started."""


def find_hindrance(observation: Observation) -> Hindrance | None:
    """Return why no pod starts: there is no place in Kueue, no node or no image."""
    if observation.is_running:
        return None
    if observation.is_held_by_kueue:
        return _QUEUE_HINDRANCES[observation.has_started]
    pending = [pod for pod in observation.pods if not pod.has_ended]
    if not pending:
        return None
    pod = pending[-1]
    if not pod.is_scheduled:
        return Hindrance(ConditionReason.UNSCHEDULABLE, pod.unschedulable_message)
    if pod.waiting_reason in _IMAGE_PULL_REASONS:
        return Hindrance(ConditionReason.IMAGE_PULL, pod.waiting_message)
    return None


def needs_manifest(observation: Observation) -> bool:
    """Tell whether the decision hangs on the manifest: is there no Job at work on it?"""
    return observation.job is None or observation.job.is_finished


def decide(observation: Observation, settings: ReconcileSettings) -> Decision:
    """Return the next step for a TranscriptionJob that has not ended yet."""
    if observation.manifest_state is ManifestState.PRESENT:
        return _succeed(observation)
    if observation.job is None:
        return _decide_without_job(observation, settings)
    return _decide_with_job(observation, observation.job)


def _decide_without_job(observation: Observation, settings: ReconcileSettings) -> Decision:
    spec = observation.transcription_job.spec
    if spec.cancelled:
        if observation.pods:
            return _wait(ConditionReason.CANCELLING, _LAST_POD)
        if observation.manifest_state is ManifestState.UNKNOWN:
            return _wait_for_storage()
        return _fail(FailureReason.CANCELLED, "Cancelled on request.")
    if refusal := _explain_refusal(observation, settings):
        return refusal
    if observation.manifest_state is ManifestState.UNKNOWN:
        return _wait_for_storage()
    if _is_too_late(observation):
        if observation.pods:
            return _wait(FailureReason.QUEUE_DEADLINE_EXCEEDED, _LAST_POD)
        return _fail(FailureReason.QUEUE_DEADLINE_EXCEEDED, _TOO_LATE)
    if spec.suspend and settings.queue_for(observation.transcription_job):
        # A Job that is there waits for a place, and takes it.
        return _wait(ConditionReason.SUSPENDED, "spec.suspend is set.")
    return Decision(Action.START, reason=ConditionReason.IN_PROGRESS)


def _is_too_late(observation: Observation) -> bool:
    """Tell whether it did not start in time; what was once decided so stays."""
    status = observation.transcription_job.status
    known = status.condition(ConditionType.SUCCEEDED) if status else None
    if known is not None and known.reason == FailureReason.QUEUE_DEADLINE_EXCEEDED:
        return True
    deadline = observation.queue_deadline
    if deadline is None or observation.is_clock_doubted:
        return False
    return observation.now >= deadline


def _explain_refusal(observation: Observation, settings: ReconcileSettings) -> Decision | None:
    transcription_job = observation.transcription_job
    namespace = transcription_job.metadata.namespace
    forbidden = explain_forbidden_source(
        transcription_job.spec.source,
        namespace,
        listed_buckets=settings.source_buckets,
        own_bucket=settings.s3_bucket,
    )
    if forbidden:
        return _fail(FailureReason.SOURCE_FORBIDDEN, forbidden, Verdict.REFUSED)
    if transcription_job.spec.profile not in settings.profiles:
        known = ", ".join(sorted(settings.profiles))
        message = f"spec.profile: '{transcription_job.spec.profile}' is not one of: {known}"
        return _fail(FailureReason.PROFILE_NOT_FOUND, message, Verdict.REFUSED)
    return None


def _decide_with_job(observation: Observation, job: ObservedJob) -> Decision:
    spec = observation.transcription_job.spec
    if not job.is_ours:
        return _fail(
            FailureReason.NAME_CONFLICT, f"A Job named '{job.name}' exists and is not ours."
        )
    if job.is_finished and not job.is_deleting:
        return _decide_finished(observation, job)
    if spec.cancelled:
        if job.is_deleting:
            return _wait(ConditionReason.CANCELLING, _LAST_POD)
        return Decision(Action.DELETE_JOB, reason=ConditionReason.CANCELLING)
    if _is_too_late(observation):
        reason = FailureReason.QUEUE_DEADLINE_EXCEEDED
        if job.is_deleting:
            return _wait(reason, _LAST_POD)
        return Decision(Action.DELETE_JOB, reason=reason)
    if spec.suspend and job.is_queued_by_kueue:
        # Its `suspend` is Kueue's alone. The next Job goes on from the checkpoint.
        if job.is_deleting:
            return _wait(ConditionReason.SUSPENDED, _LAST_POD)
        return Decision(Action.DELETE_JOB, reason=ConditionReason.SUSPENDED)
    if job.is_deleting:
        return _wait(ConditionReason.RETRYING, "Its Job was deleted and will be made anew.")
    if _is_renewal_due(observation):
        return Decision(Action.RENEW_URLS)
    if spec.suspend != job.is_suspended and not job.is_queued_by_kueue:
        return Decision(Action.SUSPEND if spec.suspend else Action.RESUME)
    return _wait_for_pods(observation)


def _wait_for_pods(observation: Observation) -> Decision:
    """Wait, and say what for where somebody may have to do something about it."""
    hindrance = find_hindrance(observation)
    return _wait(hindrance.reason, hindrance.message) if hindrance else Decision(Action.WAIT)


def _decide_finished(observation: Observation, job: ObservedJob) -> Decision:
    if observation.manifest_state is ManifestState.UNKNOWN:
        return _wait_for_storage()
    transcription_job = observation.transcription_job
    if job.is_complete:
        finished = job.finish_time or observation.now
        if observation.now - finished < MANIFEST_GRACE:
            return _wait(ConditionReason.IN_PROGRESS, "Waiting for the manifest.")
        return _fail(
            FailureReason.RESULTS_MISSING,
            "The Job completed, but its results are not in the store.",
        )
    known = transcription_job.status.last_failure if transcription_job.status else None
    last_failure = find_last_failure(observation.pods, transcription_job.metadata.name) or known
    failure = explain_job_failure(job, last_failure)
    return _fail(failure.reason, failure.message)


def _is_renewal_due(observation: Observation) -> bool:
    status = observation.transcription_job.status
    if status is None or status.urls_expiration_time is None:
        return True
    if observation.failed_pods > status.failed_pods:
        # The next pod shall find as many unused attempt numbers as this one did.
        return True
    if observation.url_lifetime is None:
        return False
    # New ones would live twice as long, or longer: credentials may end before the URLs would.
    return status.urls_expiration_time - observation.now <= observation.url_lifetime / 2
