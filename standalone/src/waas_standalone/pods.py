"""Pods as the runner keeps them: what Kubernetes would say of a pod on this one node. Pure."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from waas_contract.exit_codes import ExitCode
from waas_contract.job_environment import JobEnvironment
from waas_contract.names import CONTAINER_NAME
from waas_operator.seams import Resource
from waas_standalone.endings import PodEnding
from waas_standalone.errors import RecordUnreadable
from waas_standalone.job_controller import has_ended

WAITING_MESSAGE = "Waiting for its turn."


def build_pod(job: Resource) -> Resource:
    """Return a new pod of a Job."""
    metadata = job["metadata"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"]}
    return {
        "metadata": {
            "name": f"{metadata['name']}-{uuid4().hex[:8]}",
            "namespace": metadata["namespace"],
            "labels": metadata["labels"],
            "ownerReferences": [{**owner, "uid": metadata["uid"]}],
        },
        "spec": {},
        "status": _waiting(WAITING_MESSAGE),
    }


def read_environment(job: Resource) -> JobEnvironment:
    """Return the environment that a Job's pods are to have; raises RecordUnreadable."""
    try:
        container = job["spec"]["template"]["spec"]["containers"][0]
        # Kubernetes makes one $ of two; see the builder.
        variables = {each["name"]: each["value"].replace("$$", "$") for each in container["env"]}
        return JobEnvironment.from_variables(variables)
    except (ValidationError, LookupError, TypeError, AttributeError) as error:
        raise RecordUnreadable("a Job is not in a form that this release can read") from error


def is_begun(pod: Resource) -> bool:
    """Tell whether a program has the pod, and may still work on it."""
    return "nodeName" in pod["spec"] and not has_ended(pod)


def assign(pod: Resource, run_id: str) -> Resource:
    """Return the pod in the hands of a program that comes to it in its turn."""
    return {
        **pod,
        "spec": {"nodeName": run_id},
        "status": {**pod["status"], "phase": "Pending"},
    }


def release(pod: Resource, message: str = WAITING_MESSAGE) -> Resource:
    """Return the pod in the line again: its program never came to it."""
    return {**pod, "spec": {}, "status": _waiting(message)}


def start(pod: Resource, now: datetime) -> Resource:
    """Return the pod with the program at work on it."""
    running = {"running": {"startedAt": now.isoformat()}}
    return {**pod, "status": _status("Running", running)}


def end(pod: Resource, ending: PodEnding, now: datetime) -> Resource:
    """Return the pod after its program."""
    started = _started(pod) or now.isoformat()
    terminated = {
        "exitCode": ending.exit_code,
        "reason": ending.reason,
        "message": ending.message,
        "startedAt": started,
        "finishedAt": now.isoformat(),
    }
    is_success = ending.exit_code == ExitCode.SUCCESS
    status = _status("Succeeded" if is_success else "Failed", {"terminated": terminated})
    if ending.disruption:
        status["conditions"].append(
            {"type": "DisruptionTarget", "status": "True", "reason": ending.disruption}
        )
    return {**pod, "status": status}


def _waiting(message: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


def _status(phase: str, state: dict[str, Any]) -> dict[str, Any]:
    return {
        "phase": phase,
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": CONTAINER_NAME, "state": state}],
    }


def _started(pod: Resource) -> str | None:
    for container in pod["status"].get("containerStatuses") or ():
        started = container["state"].get("running", {}).get("startedAt")
        return str(started) if started else None
    return None
