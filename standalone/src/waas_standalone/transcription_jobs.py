"""What the api asks of Kubernetes, answered from the records."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from waas_api.errors import (
    ClusterRefused,
    ClusterUnavailable,
    JobChanged,
    JobNotFound,
    NameTaken,
    RecordsFull,
)
from waas_api.jobs.index import JobIndex, parse_job
from waas_api.jobs.spec_changes import SpecChanges
from waas_api.jobs.summaries import parse_version
from waas_api.trace_context import trace_annotations
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from waas_operator.reconcile import Key
from waas_operator.seams import Resource
from waas_standalone.errors import DatabaseFailed, DatabaseFull, NameExists
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.spec_rules import explain_invalid

Result = TypeVar("Result")

_LOOK_SECONDS = 0.05


class LocalTranscriptionJobs:
    """The TranscriptionJobs of one namespace in SQLite."""

    def __init__(self, namespace: str, records: Records) -> None:
        self._namespace = namespace
        self._records = records
        self._index = JobIndex()
        self._touched: set[str] = set()
        self._touches = 0
        self._touches_read = 0
        """How many of the touches the index has."""

        self._is_listening = False
        self._is_loaded = False
        self._refreshing: asyncio.Task[None] | None = None
        records.listen(self._notice)

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
                "annotations": trace_annotations(),
            },
            "spec": spec.to_wire(),
        }
        try:
            await self._run(lambda at: at.create(Kind.TRANSCRIPTION_JOB, resource))
        except NameExists as error:
            raise NameTaken(str(error)) from error

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob, or raise JobNotFound."""
        return parse_job(await self._run(lambda at: self._get(at, name)))

    async def index(self) -> JobIndex:
        """Return all jobs as they are on the disk."""
        touches = self._touches
        while self._touches_read < touches or not self._is_loaded:
            await asyncio.shield(self._refresh())
        return self._index

    async def change(self, name: str, changes: SpecChanges) -> TranscriptionJob:
        """Change the spec by a merge patch."""

        def change(at: Transaction) -> Resource:
            job = self._get(at, name)
            merged = {**job["spec"], **changes.to_patch()}
            spec = {field: value for field, value in merged.items() if value is not None}
            return at.replace(Kind.TRANSCRIPTION_JOB, {**job, "spec": spec})

        return parse_job(await self._run(change))

    async def annotate(
        self, name: str, annotations: Mapping[str, str], *, version: str | None = None
    ) -> TranscriptionJob:
        """Merge annotations into the metadata, of one resourceVersion or of any."""

        def annotate(at: Transaction) -> Resource:
            job = self._get(at, name)
            metadata = job["metadata"]
            if version is not None and metadata["resourceVersion"] != version:
                raise JobChanged("the job is not as it was read any more")
            merged = {**metadata.get("annotations", {}), **annotations}
            return at.replace(
                Kind.TRANSCRIPTION_JOB, {**job, "metadata": {**metadata, "annotations": merged}}
            )

        return parse_job(await self._run(annotate))

    async def cancel(self, name: str) -> TranscriptionJob:
        """Set `spec.cancelled`; nothing takes it back."""
        return await self.change(name, SpecChanges(cancelled=True))

    async def delete(self, name: str, uid: str) -> None:
        """Remove the record; returns when no program works on it any more."""

        def delete(at: Transaction) -> None:
            if self._get(at, name)["metadata"]["uid"] != uid:
                raise JobNotFound("No such job")
            at.delete(Kind.TRANSCRIPTION_JOB, self._namespace, name)

        await self._run(delete)
        # The Job controller deletes the pods, whose programs are told to end.
        while await self._run(lambda at: at.list_of_owner(Kind.POD, self._namespace, name)):
            await asyncio.sleep(_LOOK_SECONDS)

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be read."""
        try:
            await self._run(lambda at: at.latest_version())
        except ClusterUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Read nothing more."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    def _notice(self, key: Key) -> None:
        if key.namespace == self._namespace and self._is_listening:
            self._touched.add(key.name)
            self._touches += 1
            self._refresh()

    def _refresh(self) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._read_touched())
            self._refreshing.add_done_callback(self._go_on)
        return self._refreshing

    def _go_on(self, task: asyncio.Task[None]) -> None:
        # After a failure, whoever needs the index tries again, and is told.
        if not task.cancelled() and task.exception() is None and self._touched:
            self._refresh()

    async def _read_touched(self) -> None:
        if not self._is_loaded:
            self._is_listening = True
            await self._load()
            self._is_loaded = True
        names, self._touched = self._touched, set()
        touches = self._touches
        try:
            found, version = await self._run(partial(self._look, names))
        except BaseException:
            self._touched |= names
            raise
        for name, resource in found.items():
            if resource is None:
                self._index.remove(name, version)
            else:
                # A name that was freed and taken again is another job, with a later version.
                own = parse_version(resource["metadata"]["resourceVersion"])
                self._index.apply(resource, own)
        self._touches_read = touches

    async def _load(self) -> None:
        self._index.begin_list()
        resources, version = await self._run(
            lambda at: (
                at.list_all(Kind.TRANSCRIPTION_JOB, self._namespace),
                at.latest_version(),
            )
        )
        self._index.take_page(resources)
        self._index.end_list(version)

    def _look(self, names: set[str], at: Transaction) -> tuple[dict[str, Resource | None], int]:
        found = {name: at.get(Kind.TRANSCRIPTION_JOB, self._namespace, name) for name in names}
        return found, at.latest_version()

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
