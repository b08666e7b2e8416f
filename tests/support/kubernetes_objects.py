"""Jobs and Pods as an API server gives them, as far as anybody looks at them."""

from datetime import UTC, datetime
from typing import Any

from support.builders import CHILD_NAME, NOW, UID
from support.kubernetes_api import Resource
from waas_contract.names import CONTAINER_NAME, TRANSCRIPTION_JOB_LABEL


def to_text(time: datetime) -> str:
    """Return a moment as Kubernetes writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_condition(
    condition_type: str, status: str = "True", time: datetime = NOW, **facts: str
) -> Resource:
    return {
        "type": condition_type,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": to_text(time),
        **facts,
    }


def make_job_resource(
    *conditions: Resource,
    owner_uid: str = UID,
    labels: dict[str, str] | None = None,
    is_suspended: bool = False,
    deletion_time: datetime | None = None,
) -> Resource:
    metadata: Resource = {
        "name": CHILD_NAME,
        "namespace": "newsroom",
        "uid": "5f5c0c1e-1111-4111-8111-111111111111",
        "resourceVersion": "4711",
        "generation": 1,
        "creationTimestamp": to_text(NOW),
        "labels": labels or {TRANSCRIPTION_JOB_LABEL: "interview"},
        "ownerReferences": [
            {
                "apiVersion": "waas.dev/v1alpha1",
                "kind": "TranscriptionJob",
                "name": "interview",
                "uid": owner_uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    if deletion_time:
        metadata["deletionTimestamp"] = to_text(deletion_time)
        metadata["finalizers"] = ["foregroundDeletion"]
    status: Resource = {"terminating": 0, "uncountedTerminatedPods": {}, "ready": 0}
    if conditions:
        status["conditions"] = list(conditions)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"backoffLimit": 2, "suspend": is_suspended, "completionMode": "NonIndexed"},
        "status": status,
    }


def make_pod_resource(
    *conditions: Resource,
    name: str = f"{CHILD_NAME}-abcde",
    job_name: str = CHILD_NAME,
    phase: str = "Pending",
    state: Resource | None = None,
    creation_time: datetime = NOW,
) -> Resource:
    """Return a Pod of a Job; `state` is its container's, None for a pod that no node has yet."""
    status: Resource = {"phase": phase, "qosClass": "BestEffort"}
    if conditions:
        status["conditions"] = list(conditions)
    if state is not None:
        status["containerStatuses"] = [
            {
                "name": CONTAINER_NAME,
                "image": "registry.example/waas-job:1",
                "imageID": "",
                "ready": "running" in state,
                "restartCount": 0,
                "state": state,
                "lastState": {},
            }
        ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "newsroom",
            "uid": "6a6a0c1e-2222-4222-8222-222222222222",
            "creationTimestamp": to_text(creation_time),
            "labels": {TRANSCRIPTION_JOB_LABEL: "interview"},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": job_name}],
        },
        "spec": {"restartPolicy": "Never"},
        "status": status,
    }


def running(time: datetime = NOW) -> Resource:
    return {"running": {"startedAt": to_text(time)}}


def terminated(
    exit_code: int, *, start_time: datetime = NOW, finish_time: datetime = NOW, **facts: Any
) -> Resource:
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": "Error" if exit_code else "Completed",
            "startedAt": to_text(start_time),
            "finishedAt": to_text(finish_time),
            **facts,
        }
    }


def waiting(reason: str, message: str = "") -> Resource:
    return {"waiting": {"reason": reason, "message": message}}
