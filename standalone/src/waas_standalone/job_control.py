"""Takes the steps of the Job controller and of the garbage collector, each in one transaction."""

from datetime import datetime

from waas_contract.job_status import Phase
from waas_operator.reconcile import Key
from waas_operator.seams import Resource
from waas_standalone.cluster import mark_deleted
from waas_standalone.job_controller import JobStep, derive_job_step
from waas_standalone.pods import build_pod, is_begun
from waas_standalone.records import Kind, Records, Transaction


class JobControl:
    """Keeps the Jobs and Pods of each TranscriptionJob as they should be."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def control(self, key: Key) -> float | None:
        """Take the next step for a TranscriptionJob's Job; returns seconds until the next look."""
        next_look, now = await self._records.run(lambda at: (_control(at, key), at.now))
        if next_look is None:
            return None
        return max(0.0, (next_look - now).total_seconds())


def _control(at: Transaction, key: Key) -> datetime | None:
    owner = at.get(Kind.TRANSCRIPTION_JOB, key.namespace, key.name)
    is_over = owner is None or Phase(_phase(owner)).is_final
    next_looks = []
    jobs = at.list_of_owner(Kind.JOB, key.namespace, key.name)
    for job in jobs:
        if is_over:
            # Nobody looks at it any more: what was to be known of it is in the status.
            mark_deleted(at, Kind.JOB, key.namespace, job["metadata"]["name"])
            job = at.get(Kind.JOB, key.namespace, job["metadata"]["name"]) or job
        step = derive_job_step(job, _pods_of(at, job), at.now)
        _take(at, job, step)
        next_looks.append(step.next_look)
    if is_over:
        for secret in at.list_of_owner(Kind.SECRET, key.namespace, key.name):
            at.delete(Kind.SECRET, key.namespace, secret["metadata"]["name"])
    return min((each for each in next_looks if each), default=None)


def _take(at: Transaction, job: Resource, step: JobStep) -> None:
    metadata = job["metadata"]
    if step.removes_job:
        at.delete(Kind.JOB, metadata["namespace"], metadata["name"])
        return
    if step.deletes_pods:
        for pod in _pods_of(at, job):
            _delete_pod(at, pod, is_job_deleted="deletionTimestamp" in metadata)
    if step.makes_pod:
        at.create(Kind.POD, build_pod(job))
    if step.status is not None and step.status != job.get("status"):
        at.replace(Kind.JOB, {**job, "status": dict(step.status)})


def _delete_pod(at: Transaction, pod: Resource, *, is_job_deleted: bool) -> None:
    metadata = pod["metadata"]
    if is_begun(pod):
        # Its program works: the runner removes the pod once that has ended.
        mark_deleted(at, Kind.POD, metadata["namespace"], metadata["name"])
    elif is_job_deleted or pod["status"]["phase"] == "Pending":
        at.delete(Kind.POD, metadata["namespace"], metadata["name"])


def _pods_of(at: Transaction, job: Resource) -> list[Resource]:
    metadata = job["metadata"]
    return [
        pod
        for pod in at.list_of_owner(Kind.POD, metadata["namespace"], _owner_name(job))
        if pod["metadata"]["ownerReferences"][0]["uid"] == metadata["uid"]
    ]


def _owner_name(job: Resource) -> str:
    return str(job["metadata"]["ownerReferences"][0]["name"])


def _phase(transcription_job: Resource) -> str:
    return str(transcription_job.get("status", {}).get("phase", Phase.PENDING))
