"""The TranscriptionJobs of one namespace in memory, for unit tests of the api."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from waas_api.errors import ClusterError, JobChanged, JobNotFound, NameTaken
from waas_api.jobs.index import JobIndex
from waas_api.jobs.spec_changes import SpecChanges
from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.transcription_job import (
    ObjectMeta,
    TranscriptionJob,
    TranscriptionJobSpec,
)

CREATION_TIME = datetime(2026, 11, 22, 17, 25, 45, tzinfo=UTC)


@dataclass(frozen=True)
class Failure:
    """How one call fails, and whether the API server did what was asked all the same."""

    error: ClusterError
    happens: bool = False


class FakeTranscriptionJobs:
    """Keeps resources in a dict, and fails as a test wants."""

    def __init__(self, namespace: str = "team-a") -> None:
        self.namespace = namespace
        self.jobs: dict[str, TranscriptionJob] = {}
        self.create_failures: list[Failure] = []
        """What the next calls of `create` come to, in order; then they succeed."""

        self.read_error: ClusterError | None = None
        self.delete_error: ClusterError | None = None
        self.get_calls = 0
        self._index = JobIndex()
        self._version = 0

    def put(
        self,
        name: str,
        spec: TranscriptionJobSpec,
        status: TranscriptionJobStatus | None = None,
        creation_time: datetime = CREATION_TIME,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> TranscriptionJob:
        """Have a TranscriptionJob there, in any state."""
        self._version += 1
        metadata = ObjectMeta(
            name=name,
            namespace=self.namespace,
            uid=f"uid-of-{name}",
            resource_version=str(self._version),
            creation_timestamp=creation_time,
            labels=dict(labels or {}),
            annotations=dict(annotations or {}),
        )
        job = TranscriptionJob(metadata=metadata, spec=spec, status=status)
        self.jobs[name] = job
        self._index.apply(job.to_wire(), self._version)
        return job

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        failure = self.create_failures.pop(0) if self.create_failures else None
        if failure is not None and not failure.happens:
            raise failure.error
        if name in self.jobs:
            raise NameTaken(f"{name} already exists")
        self.put(name, spec, labels=labels)
        if failure is not None:
            raise failure.error

    async def get(self, name: str) -> TranscriptionJob:
        self.get_calls += 1
        if self.read_error is not None:
            raise self.read_error
        if name not in self.jobs:
            raise JobNotFound("No such job")
        return self.jobs[name]

    async def index(self) -> JobIndex:
        if self.read_error is not None:
            raise self.read_error
        return self._index

    async def change(self, name: str, changes: SpecChanges) -> TranscriptionJob:
        job = await FakeTranscriptionJobs.get(self, name)
        changed = {each: getattr(changes, each) for each in changes.model_fields_set}
        spec = job.spec.model_copy(update=changed)
        created = job.metadata.creation_timestamp or CREATION_TIME
        metadata = job.metadata
        return self.put(name, spec, job.status, created, metadata.labels, metadata.annotations)

    async def annotate(
        self, name: str, annotations: Mapping[str, str], *, version: str | None = None
    ) -> TranscriptionJob:
        if name not in self.jobs:
            raise JobNotFound("No such job")
        job = self.jobs[name]
        if version is not None and job.metadata.resource_version != version:
            raise JobChanged("the job is not as it was read any more")
        merged = {**job.metadata.annotations, **annotations}
        created = job.metadata.creation_timestamp or CREATION_TIME
        return self.put(name, job.spec, job.status, created, job.metadata.labels, merged)

    async def cancel(self, name: str) -> TranscriptionJob:
        return await self.change(name, SpecChanges(cancelled=True))

    async def delete(self, name: str, uid: str) -> None:
        if self.delete_error is not None:
            raise self.delete_error
        if (await FakeTranscriptionJobs.get(self, name)).metadata.uid != uid:
            raise JobNotFound("No such job")
        self._version += 1
        del self.jobs[name]
        self._index.remove(name, self._version)

    async def is_ready(self) -> bool:
        return self.read_error is None

    async def close(self) -> None:
        pass
