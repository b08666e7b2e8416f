"""What the api asks of Kubernetes, answered from the records."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    InvalidCursor,
    JobNotFound,
    NameTaken,
    RecordsFull,
)
from waas_api.transcription_jobs import JobPage, LiveJob, UnfinishedJob, WaitingJob
from waas_contract.log_lines import log_fields
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    Phase,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from waas_operator.seams import Resource
from waas_standalone.errors import DatabaseFailed, DatabaseFull, NameExists
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.spec_rules import explain_invalid

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_WAITING_PHASES = ("", *(phase for phase in Phase if phase.is_waiting))
_LIVE_PHASES = ("", *(phase for phase in Phase if not phase.is_final))
_LOOK_SECONDS = 0.05


class LocalTranscriptionJobs:
    """The TranscriptionJobs of one namespace in SQLite."""

    def __init__(self, namespace: str, records: Records) -> None:
        self._namespace = namespace
        self._records = records

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        """Make a TranscriptionJob; it is on the disk when this returns."""
        if problems := explain_invalid(name, spec):
            raise ClusterRefused(f"Request not accepted: {problems}", is_request_invalid=True)
        resource: Resource = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": name,
                "namespace": self._namespace,
                "labels": dict(labels or {}),
            },
            "spec": spec.to_wire(),
        }
        try:
            await self._run(lambda at: at.create(Kind.TRANSCRIPTION_JOB, resource))
        except NameExists as error:
            raise NameTaken(str(error)) from error

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob, or raise JobNotFound."""
        return _parse(await self._run(lambda at: self._get(at, name)))

    async def list(self, *, limit: int, cursor: str | None = None) -> JobPage:
        """Return a page of the jobs, newest first."""
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
            raise InvalidCursor("This cursor is wrong or too old: list from the beginning.")
        before = None if cursor is None else min(int(cursor), 2**63 - 1)
        rows = await self._run(
            # One more than asked for tells whether there are others.
            lambda at: at.list_page(
                Kind.TRANSCRIPTION_JOB, self._namespace, limit=limit + 1, before=before
            )
        )
        page = rows[:limit]
        jobs = []
        for row in page:
            try:
                jobs.append(_parse(row.resource))
            except ClusterUnavailable as error:
                # One that a later release made must not hide all the others.
                name = row.resource["metadata"]["name"]
                logger.warning("not listed: %s", error, extra=log_fields(transcription_job=name))
        return JobPage(
            jobs=tuple(jobs), cursor=str(page[-1].sequence) if len(rows) > limit else None
        )

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn."""
        rows = await self._run(
            lambda at: at.list_in_phases(Kind.TRANSCRIPTION_JOB, self._namespace, _WAITING_PHASES)
        )
        metadatas = [row.resource["metadata"] for row in rows]
        return tuple(
            WaitingJob(
                name=metadata["name"],
                creation_time=datetime.fromisoformat(metadata["creationTimestamp"]),
            )
            for metadata in metadatas
        )

    async def list_live(self) -> tuple[LiveJob, ...]:
        """Return the jobs that have not ended."""
        rows = await self._run(
            lambda at: at.list_in_phases(Kind.TRANSCRIPTION_JOB, self._namespace, _LIVE_PHASES)
        )
        return tuple(
            LiveJob(row.resource["metadata"]["name"], row.resource["spec"].get("owner"))
            for row in rows
        )

    async def list_unfinished(self, *, label: str) -> tuple[UnfinishedJob, ...]:
        """Return the jobs with a label that have not ended."""
        rows = await self._run(
            lambda at: at.list_in_phases(Kind.TRANSCRIPTION_JOB, self._namespace, _LIVE_PHASES)
        )
        metadatas = [row.resource["metadata"] for row in rows]
        return tuple(
            UnfinishedJob(
                name=metadata["name"],
                creation_time=datetime.fromisoformat(metadata["creationTimestamp"]),
                annotations=metadata.get("annotations", {}),
            )
            for metadata in metadatas
            if label in metadata.get("labels", {})
        )

    async def annotate(self, name: str, annotations: Mapping[str, str]) -> TranscriptionJob:
        """Merge annotations into the metadata."""

        def annotate(at: Transaction) -> Resource:
            job = self._get(at, name)
            metadata = job["metadata"]
            merged = {**metadata.get("annotations", {}), **annotations}
            return at.replace(
                Kind.TRANSCRIPTION_JOB, {**job, "metadata": {**metadata, "annotations": merged}}
            )

        return _parse(await self._run(annotate))

    async def cancel(self, name: str) -> TranscriptionJob:
        """Set `spec.cancelled`; nothing takes it back."""

        def cancel(at: Transaction) -> Resource:
            job = self._get(at, name)
            changed = {**job, "spec": {**job["spec"], "cancelled": True}}
            return at.replace(Kind.TRANSCRIPTION_JOB, changed)

        return _parse(await self._run(cancel))

    async def delete(self, name: str) -> None:
        """Remove the record; returns when no program works on it any more."""

        def delete(at: Transaction) -> None:
            self._get(at, name)
            at.delete(Kind.TRANSCRIPTION_JOB, self._namespace, name)

        await self._run(delete)
        # The Job controller deletes the pods, whose programs are told to end.
        while await self._run(lambda at: at.list_of_owner(Kind.POD, self._namespace, name)):
            await asyncio.sleep(_LOOK_SECONDS)

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be read."""
        try:
            await self._run(
                lambda at: at.list_page(
                    Kind.TRANSCRIPTION_JOB, self._namespace, limit=1, before=None
                )
            )
        except ClusterUnavailable:
            return False
        return True

    def _get(self, at: Transaction, name: str) -> Resource:
        resource = at.get(Kind.TRANSCRIPTION_JOB, self._namespace, name)
        if resource is None:
            raise JobNotFound("No such job")
        return resource

    async def _run(self, work: Callable[[Transaction], Result]) -> Result:
        try:
            return await self._records.run(work)
        except DatabaseFull as error:
            raise RecordsFull(str(error)) from error
        except DatabaseFailed as error:
            raise ClusterUnavailable(str(error)) from error


def _parse(resource: Resource) -> TranscriptionJob:
    try:
        return read_transcription_job(resource)
    except UnreadableTranscriptionJob as error:
        raise ClusterUnavailable(f"{resource['metadata']['name']} is {error}") from None
