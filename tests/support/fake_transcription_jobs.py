"""The TranscriptionJobs of one namespace in memory, for unit tests of the api."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from waas_api.errors import ClusterError, InvalidCursor, JobNotFound, NameTaken
from waas_api.transcription_jobs import JobPage, LiveJob, UnfinishedJob, WaitingJob
from waas_contract.transcription_job import (
    ObjectMeta,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
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
        self.list_calls = 0

    def put(
        self,
        name: str,
        spec: TranscriptionJobSpec,
        status: TranscriptionJobStatus | None = None,
        creation_time: datetime = CREATION_TIME,
        labels: Mapping[str, str] | None = None,
    ) -> TranscriptionJob:
        """Have a TranscriptionJob there, in any state."""
        metadata = ObjectMeta(
            name=name,
            namespace=self.namespace,
            creation_timestamp=creation_time,
            labels=dict(labels or {}),
        )
        self.jobs[name] = TranscriptionJob(metadata=metadata, spec=spec, status=status)
        return self.jobs[name]

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

    async def list(self, *, limit: int, cursor: str | None = None) -> JobPage:
        """Return a page, newest first; the cursor is the name of its first job."""
        if self.read_error is not None:
            raise self.read_error
        jobs = sorted(
            self.jobs.values(),
            key=lambda job: (job.metadata.creation_timestamp or CREATION_TIME, job.metadata.name),
            reverse=True,
        )
        names = [job.metadata.name for job in jobs]
        if cursor is not None and cursor not in names:
            raise InvalidCursor("This cursor is wrong or too old: list from the beginning.")
        start = 0 if cursor is None else names.index(cursor)
        end = start + limit
        return JobPage(tuple(jobs[start:end]), names[end] if end < len(names) else None)

    async def list_unfinished(self, *, label: str) -> tuple[UnfinishedJob, ...]:
        if self.read_error is not None:
            raise self.read_error
        return tuple(
            UnfinishedJob(
                job.metadata.name,
                job.metadata.creation_timestamp or CREATION_TIME,
                job.metadata.annotations,
            )
            for job in self.jobs.values()
            if not job.phase.is_final and label in job.metadata.labels
        )

    async def annotate(self, name: str, annotations: Mapping[str, str]) -> TranscriptionJob:
        if name not in self.jobs:
            raise JobNotFound("No such job")
        job = self.jobs[name]
        merged = {**job.metadata.annotations, **annotations}
        metadata = job.metadata.model_copy(update={"annotations": merged})
        self.jobs[name] = job.model_copy(update={"metadata": metadata})
        return self.jobs[name]

    async def cancel(self, name: str) -> TranscriptionJob:
        job = await self.get(name)
        spec = job.spec.model_copy(update={"cancelled": True})
        self.jobs[name] = job.model_copy(update={"spec": spec})
        return self.jobs[name]

    async def delete(self, name: str) -> None:
        if self.delete_error is not None:
            raise self.delete_error
        await self.get(name)
        del self.jobs[name]

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        self.list_calls += 1
        if self.read_error is not None:
            raise self.read_error
        return tuple(
            WaitingJob(job.metadata.name, job.metadata.creation_timestamp or CREATION_TIME)
            for job in self.jobs.values()
            if job.phase.is_waiting
        )

    async def list_live(self) -> tuple[LiveJob, ...]:
        if self.read_error is not None:
            raise self.read_error
        return tuple(
            LiveJob(job.metadata.name, job.spec.owner)
            for job in self.jobs.values()
            if not job.phase.is_final
        )

    async def is_ready(self) -> bool:
        return self.read_error is None
