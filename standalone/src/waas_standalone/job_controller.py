"""What Kubernetes' Job controller would do about one Job, from the Job and its pods alone. Pure.

One pod at a time, as `build_job` asks for (`completions` 1, `podReplacementPolicy` Failed). Reasons
and messages are Kubernetes' own. It differs in three ways. After this very server's restart, which
is a disruption, the next pod comes at once. A program that somebody killed is a disruption only so
many times, with growing pauses: nobody here can tell a person from whatever else kills each program
that takes a certain recording. And suspension costs no attempt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from waas_operator.seams import Resource
from waas_standalone.endings import Disruption

FIRST_BACKOFF = timedelta(seconds=10)
LONGEST_BACKOFF = timedelta(minutes=10)

FREE_KILLS = 10
"""Programs that may be killed before a kill counts as a failure."""

FIRST_PAUSE_AFTER_KILL = timedelta(seconds=1)
LONGEST_PAUSE_AFTER_KILL = timedelta(minutes=1)

_IGNORE, _COUNT, _FAIL_JOB = "Ignore", "Count", "FailJob"


@dataclass(frozen=True)
class JobStep:
    """What to change; at most one of the first three asks for something."""

    makes_pod: bool = False
    deletes_pods: bool = False
    removes_job: bool = False
    status: Mapping[str, Any] | None = None
    """The Job's status as it should be; None where the Job goes."""

    next_look: datetime | None = None
    """When something becomes due that no event will tell of."""


@dataclass(frozen=True)
class _Verdict:
    """A condition that closes the Job."""

    type: str
    reason: str
    message: str


def derive_job_step(job: Resource, pods: Sequence[Resource], now: datetime) -> JobStep:
    """Return the next step for a Job, given all of its pods that are still known."""
    active = [pod for pod in pods if not has_ended(pod)]
    if "deletionTimestamp" in job["metadata"]:
        return JobStep(deletes_pods=bool(pods), removes_job=not pods)
    status = dict(job.get("status") or {})
    if _find(status, "Complete", "Failed"):
        return JobStep(deletes_pods=bool(active), status=status)
    status["failed"] = len(_counted_failures(job, pods))
    verdict = _remembered_verdict(status) or _judge(job, pods, now)
    if verdict is not None:
        return _close(status, verdict, now, has_active_pods=bool(active))
    if job["spec"].get("suspend"):
        status.pop("startTime", None)
        return JobStep(
            deletes_pods=bool(active),
            status=_with_condition(status, "Suspended", "JobSuspended", "Job suspended", now),
        )
    if _find(status, "Suspended"):
        status["conditions"] = [
            each for each in status["conditions"] if each["type"] != "Suspended"
        ]
    status.setdefault("startTime", now.isoformat())
    deadline = _deadline({**job, "status": status})
    if active:
        return JobStep(status=status, next_look=deadline)
    due = _next_pod_time(pods)
    if due is None or due <= now:
        return JobStep(makes_pod=True, status=status, next_look=deadline)
    return JobStep(status=status, next_look=min(due, deadline) if deadline else due)


def has_ended(pod: Resource) -> bool:
    """Tell whether nothing runs in a pod any more."""
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def _judge(job: Resource, pods: Sequence[Resource], now: datetime) -> _Verdict | None:
    """Return how the Job ends, or None while it goes on."""
    if any(pod["status"]["phase"] == "Succeeded" for pod in pods):
        return _Verdict(
            "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
        )
    for pod in pods:
        if message := _explain_fail_job(job, pod):
            return _Verdict("Failed", "PodFailurePolicy", message)
    if len(_counted_failures(job, pods)) > job["spec"]["backoffLimit"]:
        return _Verdict(
            "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        )
    deadline = None if job["spec"].get("suspend") else _deadline(job)
    if deadline is not None and now >= deadline:
        return _Verdict(
            "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
        )
    return None


def _close(
    status: dict[str, Any], verdict: _Verdict, now: datetime, *, has_active_pods: bool
) -> JobStep:
    """Close the Job, but not before its last pod has ended (KEP-3939)."""
    if not has_active_pods:
        if verdict.type == "Complete":
            status["completionTime"] = now.isoformat()
            status["succeeded"] = 1
        closed = _with_condition(status, verdict.type, verdict.reason, verdict.message, now)
        return JobStep(status=closed)
    closing = _with_condition(status, "FailureTarget", verdict.reason, verdict.message, now)
    return JobStep(deletes_pods=True, status=closing)


def _remembered_verdict(status: Mapping[str, Any]) -> _Verdict | None:
    """Return the failure that was decided when pods were still about."""
    target = _find(status, "FailureTarget")
    return _Verdict("Failed", target["reason"], target["message"]) if target else None


def _deadline(job: Resource) -> datetime | None:
    seconds = job["spec"].get("activeDeadlineSeconds")
    start = (job.get("status") or {}).get("startTime")
    if seconds is None or start is None:
        return None
    return datetime.fromisoformat(start) + timedelta(seconds=seconds)


def _next_pod_time(pods: Sequence[Resource]) -> datetime | None:
    """Return until when the next pod has to wait; each failure, and each kill, doubles the wait."""
    failures = [pod for pod in pods if _has_failed(pod) and _disruption_of(pod) is None]
    waits = (
        _wait_after(failures, FIRST_BACKOFF, LONGEST_BACKOFF),
        _wait_after(_kills(pods), FIRST_PAUSE_AFTER_KILL, LONGEST_PAUSE_AFTER_KILL),
    )
    return max((each for each in waits if each), default=None)


def _wait_after(pods: Sequence[Resource], first: timedelta, longest: timedelta) -> datetime | None:
    if not pods:
        return None
    return max(map(_finish_time, pods)) + min(first * 2.0 ** min(len(pods) - 1, 30), longest)


def _counted_failures(job: Resource, pods: Sequence[Resource]) -> list[Resource]:
    counted = [pod for pod in pods if _has_failed(pod) and _find_action(job, pod)[0] == _COUNT]
    return [*counted, *_kills(pods)[FREE_KILLS:]]


def _kills(pods: Sequence[Resource]) -> list[Resource]:
    return [pod for pod in pods if _disruption_of(pod) == Disruption.PROGRAM_KILLED]


def _explain_fail_job(job: Resource, pod: Resource) -> str | None:
    action, index = _find_action(job, pod) if _has_failed(pod) else (_COUNT, 0)
    if action != _FAIL_JOB:
        return None
    container, exit_code = _exit_of(pod)
    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    return (
        f"Container {container} for pod {name} failed with exit code {exit_code} "
        f"matching FailJob rule at index {index}"
    )


def _find_action(job: Resource, pod: Resource) -> tuple[str, int]:
    """Return what the first rule that fits says (KEP-3329)."""
    rules = job["spec"].get("podFailurePolicy", {}).get("rules", [])
    for index, rule in enumerate(rules):
        if _fits(rule, pod):
            return rule["action"], index
    return _COUNT, -1


def _fits(rule: Mapping[str, Any], pod: Resource) -> bool:
    if "onPodConditions" in rule:
        return any(
            _find(pod["status"], pattern["type"], value=pattern["status"])
            for pattern in rule["onPodConditions"]
        )
    wanted = rule["onExitCodes"]
    container, exit_code = _exit_of(pod)
    if exit_code in (None, 0) or wanted.get("containerName") not in (None, container):
        return False
    return bool((exit_code in wanted["values"]) == (wanted["operator"] == "In"))


def _has_failed(pod: Resource) -> bool:
    return bool(pod["status"]["phase"] == "Failed")


def _disruption_of(pod: Resource) -> str | None:
    """Return the reason of a disruption, empty where none was given; None where there was none."""
    condition = _find(pod["status"], "DisruptionTarget")
    return None if condition is None else str(condition.get("reason", ""))


def _terminated(pod: Resource) -> tuple[str, Mapping[str, Any]]:
    for container in pod["status"].get("containerStatuses") or ():
        return container["name"], container["state"].get("terminated") or {}
    return "", {}


def _exit_of(pod: Resource) -> tuple[str, int | None]:
    container, terminated = _terminated(pod)
    return container, terminated.get("exitCode")


def _finish_time(pod: Resource) -> datetime:
    _, terminated = _terminated(pod)
    text = terminated.get("finishedAt") or pod["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(text)


def _find(
    resource_status: Mapping[str, Any], *types: str, value: str = "True"
) -> Mapping[str, Any] | None:
    conditions = resource_status.get("conditions") or ()
    return next(
        (each for each in conditions if each["type"] in types and each["status"] == value), None
    )


def _with_condition(
    status: Mapping[str, Any], condition_type: str, reason: str, message: str, now: datetime
) -> dict[str, Any]:
    if _find(status, condition_type):
        return dict(status)
    condition = {
        "type": condition_type,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": now.isoformat(),
    }
    return {**status, "conditions": [*(status.get("conditions") or ()), condition]}
