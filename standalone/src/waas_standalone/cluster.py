"""What the operator's reconcile asks of Kubernetes, answered from the records.

The api's part is in `transcription_jobs`, the Job controller's in `job_controller` and the
kubelet's in `runner`.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import TypeVar

from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.errors import ClusterUnavailable, Conflict, Unreadable
from waas_operator.seams import Resource
from waas_standalone.clock_trust import explain_distrust
from waas_standalone.errors import DatabaseFailed, RecordError
from waas_standalone.records import Kind, Records, Transaction

Result = TypeVar("Result")

UNFINISHED_PHASES = ("", *(phase for phase in Phase if not phase.is_final))


class LocalCluster:
    """A Cluster in SQLite."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._distrust_at_start: str | None = None

    async def check_clock(self, now: datetime) -> str | None:
        """Return why nothing must be deleted at the start; to be asked before any work.

        It holds until the next start: what is made under a wrong clock is no reason to trust it.
        """
        newest = await self._find_newest_time()
        reason = explain_distrust(now, newest)
        self._distrust_at_start = reason if newest else None
        return reason

    async def explain_distrust(self, now: datetime) -> str | None:
        """Return why nothing must be deleted by a clock that says `now`; None where it may."""
        return self._distrust_at_start or explain_distrust(now, await self._find_newest_time())

    async def _find_newest_time(self) -> datetime | None:
        return await self._run(lambda at: at.newest_time(Kind.TRANSCRIPTION_JOB))

    async def get_transcription_job(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return the resource, or None where there is none; raises Unreadable."""
        resource = await self._run(lambda at: at.get(Kind.TRANSCRIPTION_JOB, namespace, name))
        try:
            return read_transcription_job(resource) if resource else None
        except UnreadableTranscriptionJob as error:
            raise Unreadable(str(error)) from None

    async def list_unfinished(self, namespace: str) -> AsyncIterator[str]:
        """Go through the names of all TranscriptionJobs that have not ended, oldest first."""
        rows = await self._run(
            lambda at: at.list_in_phases(Kind.TRANSCRIPTION_JOB, namespace, UNFINISHED_PHASES)
        )
        for row in rows:
            yield row.resource["metadata"]["name"]

    async def replace_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        """Write the whole status; raises Conflict if the resource changed since it was read."""
        metadata = transcription_job.metadata

        def replace(at: Transaction) -> None:
            known = at.get(Kind.TRANSCRIPTION_JOB, metadata.namespace, metadata.name)
            if known is None:
                raise Conflict(f"{metadata.name} is gone")
            read = {"uid": metadata.uid, "resourceVersion": metadata.resource_version}
            changed = {**known["metadata"], **read}
            at.replace(
                Kind.TRANSCRIPTION_JOB,
                {**known, "metadata": changed, "status": status.to_wire()},
            )

        await self._run(replace)

    async def annotate(
        self, transcription_job: TranscriptionJob, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into the metadata; raises Conflict if the resource changed or went."""
        metadata = transcription_job.metadata

        def annotate(at: Transaction) -> None:
            known = at.get(Kind.TRANSCRIPTION_JOB, metadata.namespace, metadata.name)
            if known is None:
                raise Conflict(f"{metadata.name} is gone")
            changed = {
                **known["metadata"],
                "uid": metadata.uid,
                "resourceVersion": metadata.resource_version,
                "annotations": {**known["metadata"].get("annotations", {}), **annotations},
            }
            at.replace(Kind.TRANSCRIPTION_JOB, {**known, "metadata": changed})

        await self._run(annotate)

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        """Delete the resource; one that is gone, or of another uid, is left alone."""

        def delete(at: Transaction) -> None:
            known = at.get(Kind.TRANSCRIPTION_JOB, namespace, name)
            if known is not None and known["metadata"]["uid"] == uid:
                at.delete(Kind.TRANSCRIPTION_JOB, namespace, name)

        await self._run(delete)

    async def get_job(self, namespace: str, name: str) -> Resource | None:
        """Return a batch/v1 Job, or None where there is none."""
        return await self._run(lambda at: at.get(Kind.JOB, namespace, name))

    async def list_pods(self, namespace: str, transcription_job_name: str) -> list[Resource]:
        """Return the Pods of a TranscriptionJob's Job."""
        return await self._run(
            lambda at: at.list_of_owner(Kind.POD, namespace, transcription_job_name)
        )

    async def create_job(self, job: Resource) -> bool:
        """Create a Job; returns False where one of that name is there, which is left alone."""

        def create(at: Transaction) -> bool:
            metadata = job["metadata"]
            if at.get(Kind.JOB, metadata["namespace"], metadata["name"]) is not None:
                return False
            at.create(Kind.JOB, job)
            return True

        return await self._run(create)

    async def suspend_job(self, namespace: str, name: str, *, is_suspended: bool) -> None:
        """Suspend or resume a Job."""

        def suspend(at: Transaction) -> None:
            job = at.get(Kind.JOB, namespace, name)
            if job is None:
                raise Conflict(f"{name} is gone")
            at.replace(Kind.JOB, {**job, "spec": {**job["spec"], "suspend": is_suspended}})

        await self._run(suspend)

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and wait for none of its Pods; they go before it does."""
        await self._run(lambda at: mark_deleted(at, Kind.JOB, namespace, name))

    async def apply_secret(self, secret: Resource) -> None:
        """Create or overwrite a Secret, without reading it."""

        def apply(at: Transaction) -> None:
            metadata = secret["metadata"]
            at.delete(Kind.SECRET, metadata["namespace"], metadata["name"])
            at.create(Kind.SECRET, secret)

        await self._run(apply)

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret if it is there."""
        await self._run(lambda at: at.delete(Kind.SECRET, namespace, name))

    async def _run(self, work: Callable[[Transaction], Result]) -> Result:
        try:
            return await self._records.run(work)
        except DatabaseFailed as error:
            raise ClusterUnavailable(str(error)) from error
        except RecordError as error:
            raise Conflict(str(error)) from error


def mark_deleted(at: Transaction, kind: Kind, namespace: str, name: str) -> None:
    """Ask for an object's end: who works on it removes it once that is done."""
    resource = at.get(kind, namespace, name)
    if resource is not None and "deletionTimestamp" not in resource["metadata"]:
        metadata = {**resource["metadata"], "deletionTimestamp": at.now.isoformat()}
        at.replace(kind, {**resource, "metadata": metadata})
