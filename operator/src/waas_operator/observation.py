"""What was seen of one TranscriptionJob, in terms that need no Kubernetes client to understand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from waas_contract.manifest import Manifest, ProgressNote
from waas_contract.names import CONTAINER_NAME
from waas_contract.transcription_job import TranscriptionJob

KUEUE_QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
_FINAL_POD_PHASES = ("Succeeded", "Failed")
_FINAL_JOB_CONDITIONS = ("Complete", "Failed")


@dataclass(frozen=True, kw_only=True)
class ObservedJob:
    """The part of a batch/v1 Job that decisions hang on."""

    name: str
    is_ours: bool
    is_suspended: bool = False
    is_queued_by_kueue: bool = False
    is_deleting: bool = False
    is_complete: bool = False
    failure_reason: str | None = None
    """Reason of the condition Failed=True, for example `BackoffLimitExceeded`."""

    failure_message: str = ""
    finish_time: datetime | None = None

    @property
    def is_finished(self) -> bool:
        """Tell whether the Job controller has closed the Job."""
        return self.is_complete or self.failure_reason is not None


@dataclass(frozen=True, kw_only=True)
class ObservedPod:
    """The part of a Pod that tells where an attempt stands."""

    name: str
    is_scheduled: bool = True
    unschedulable_message: str = ""
    waiting_reason: str | None = None
    waiting_message: str = ""
    start_time: datetime | None = None
    """When the container began to run; None before."""

    has_ended: bool = False
    """Also true of a pod whose node is gone: its container seems to run for ever."""

    finish_time: datetime | None = None
    exit_code: int | None = None
    is_out_of_memory: bool = False
    is_disrupted: bool = False
    """Evicted, preempted or drained: not the job's fault."""

    termination_message: str = ""

    @property
    def is_running(self) -> bool:
        """Tell whether the program is at work in it."""
        return self.start_time is not None and not self.has_ended


class ManifestState(Enum):
    """What is known of the manifest."""

    NOT_ASKED = auto()
    UNKNOWN = auto()
    """The store could not be asked."""

    ABSENT = auto()
    """There is none, or it answers another spec."""

    PARTIAL = auto()
    """There is one, of what was heard until the job was stopped."""

    PRESENT = auto()


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything that a decision about one TranscriptionJob is made from."""

    transcription_job: TranscriptionJob
    now: datetime
    job: ObservedJob | None = None
    pods: tuple[ObservedPod, ...] = ()
    manifest_state: ManifestState = ManifestState.NOT_ASKED
    manifest: Manifest | None = None
    stale_attempt: int = 0
    """The attempt that a manifest names which is partial or answers another spec: it is used up."""

    progress: ProgressNote | None = None
    is_clock_doubted: bool = False
    """Whether `now` may be so wrong that no deadline must be held to be over."""

    url_lifetime: timedelta | None = None
    """How long URLs would live that are signed now; None where nobody asked, or none can be."""

    @property
    def failed_pods(self) -> int:
        """Return how many pods ended without a result, also those that are gone by now."""
        status = self.transcription_job.status
        known = status.failed_pods if status else 0
        return max(known, sum(pod.has_ended and pod.exit_code != 0 for pod in self.pods))

    @property
    def queued_time(self) -> datetime | None:
        """Return since when it waits for its start: its creation, or the end of a suspension."""
        if self.transcription_job.spec.suspend:
            return None
        status = self.transcription_job.status
        if status is None:
            return self.transcription_job.metadata.creation_timestamp or self.now
        return status.queued_time or self.now

    @property
    def queue_deadline(self) -> datetime | None:
        """Return until when it has to start; None where it has, or need not."""
        seconds = self.transcription_job.spec.queue_deadline_seconds
        if seconds is None or self.queued_time is None or self.has_started:
            return None
        return self.queued_time + timedelta(seconds=seconds)

    @property
    def has_started(self) -> bool:
        """Tell whether a container of it ever began to run."""
        status = self.transcription_job.status
        return bool(status and status.start_time) or any(pod.start_time for pod in self.pods)

    @property
    def is_held_by_kueue(self) -> bool:
        """Tell whether its Job waits for Kueue to admit it, for the first time or again."""
        job = self.job
        return job is not None and job.is_queued_by_kueue and job.is_suspended

    @property
    def is_running(self) -> bool:
        """Tell whether a pod is at work, or has ended well and the Job is about to."""
        return any(pod.is_running or pod.exit_code == 0 for pod in self.pods)


def _condition(resource: Mapping[str, Any], condition_type: str) -> Mapping[str, Any] | None:
    conditions = resource.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == condition_type), None)


def _is_true(resource: Mapping[str, Any], condition_type: str) -> bool:
    condition = _condition(resource, condition_type)
    return condition is not None and condition["status"] == "True"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def is_finished_job(resource: Mapping[str, Any]) -> bool:
    """Tell whether the Job controller has closed a batch/v1 Job, which it never opens again."""
    return any(_is_true(resource, each) for each in _FINAL_JOB_CONDITIONS)


def trim_job(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return no more of a batch/v1 Job than `observe_job` reads: most of one is its pod's spec."""
    metadata = resource["metadata"]
    kept = ("name", "labels", "ownerReferences", "deletionTimestamp")
    conditions = (_condition(resource, each) for each in _FINAL_JOB_CONDITIONS)
    return {
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"suspend": bool(resource["spec"].get("suspend"))},
        "status": {"conditions": [each for each in conditions if each]},
    }


def observe_job(resource: Mapping[str, Any], owner_uid: str) -> ObservedJob:
    """Read a batch/v1 Job as the API server gives it."""
    metadata, spec = resource["metadata"], resource["spec"]
    failed = _condition(resource, "Failed") if _is_true(resource, "Failed") else None
    complete = _condition(resource, "Complete") if _is_true(resource, "Complete") else None
    owners = {owner["uid"] for owner in metadata.get("ownerReferences") or []}
    finished = complete or failed or {}
    return ObservedJob(
        name=metadata["name"],
        is_ours=owner_uid in owners,
        is_suspended=bool(spec.get("suspend")),
        is_queued_by_kueue=KUEUE_QUEUE_LABEL in (metadata.get("labels") or {}),
        is_deleting="deletionTimestamp" in metadata,
        is_complete=complete is not None,
        failure_reason=failed.get("reason", "JobFailed") if failed else None,
        failure_message=failed.get("message", "") if failed else "",
        finish_time=_time(finished.get("lastTransitionTime")),
    )


def observe_pod(resource: Mapping[str, Any]) -> ObservedPod:
    """Read a Pod as the API server gives it."""
    scheduled = _condition(resource, "PodScheduled")
    is_unscheduled = scheduled is not None and scheduled["status"] == "False"
    statuses = resource.get("status", {}).get("containerStatuses") or []
    container: Mapping[str, Any] = next(
        (each for each in statuses if each["name"] == CONTAINER_NAME), {}
    )
    state = container.get("state") or {}
    terminated = state.get("terminated") or {}
    running = state.get("running") or {}
    waiting = state.get("waiting") or {}
    return ObservedPod(
        name=resource["metadata"]["name"],
        is_scheduled=not is_unscheduled,
        unschedulable_message=scheduled.get("message", "") if scheduled and is_unscheduled else "",
        waiting_reason=waiting.get("reason"),
        waiting_message=waiting.get("message", ""),
        start_time=_time(running.get("startedAt") or terminated.get("startedAt")),
        has_ended=bool(terminated) or resource.get("status", {}).get("phase") in _FINAL_POD_PHASES,
        finish_time=_time(terminated.get("finishedAt")),
        exit_code=terminated.get("exitCode"),
        is_out_of_memory=terminated.get("reason") == "OOMKilled",
        is_disrupted=_is_true(resource, "DisruptionTarget"),
        termination_message=terminated.get("message", ""),
    )
