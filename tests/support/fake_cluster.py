"""A cluster and an object store in memory, for unit tests of the operator."""

import copy
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from support.kubernetes_objects import to_text
from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.errors import Conflict, StorageUnavailable, Unreadable
from waas_operator.seams import Resource


class Crashed(BaseException):
    """The operator's process ends here."""


class FakeCluster:
    """Keeps objects in dicts, notes every write in order, and fails as a test wants."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.transcription_jobs: dict[str, TranscriptionJob] = {}
        self.jobs: dict[str, Resource] = {}
        self.pods: dict[str, Resource] = {}
        self.secrets: dict[str, Resource] = {}
        self.writes: list[str] = []
        self.distrust: str | None = None
        """Why the operator's clock is not to be trusted."""

        self.failures: dict[str, Exception] = {}
        """What the next call of a method raises, by the method's name."""

        self.unreadable: set[str] = set()
        """Names of TranscriptionJobs that somebody stored in a strange form."""

        self.crash_at: tuple[Literal["before", "after"], int] | None = None
        """Ends the process before or after the n-th next write, counted from 1."""

    def put(self, transcription_job: TranscriptionJob) -> None:
        """Have a TranscriptionJob there, as a person or the api would."""
        name = transcription_job.metadata.name
        known = self.transcription_jobs.get(name, transcription_job)
        metadata = transcription_job.metadata.model_copy(
            update={
                "resource_version": str(int(known.metadata.resource_version) + 1),
                "generation": known.metadata.generation + 1,
            }
        )
        self.transcription_jobs[name] = transcription_job.model_copy(update={"metadata": metadata})

    def change(self, name: str, **spec: Any) -> None:
        """Change a spec, as a person would."""
        known = self.transcription_jobs[name]
        changed = known.spec.model_copy(update=spec)
        self.put(known.model_copy(update={"spec": changed}))

    def status(self, name: str) -> TranscriptionJobStatus:
        """Return what a person sees of a TranscriptionJob."""
        return self.transcription_jobs[name].status or TranscriptionJobStatus()

    async def get_transcription_job(self, namespace: str, name: str) -> TranscriptionJob | None:
        self._fail_if_told("get_transcription_job")
        if name in self.unreadable:
            raise Unreadable("not in the form of a TranscriptionJob")
        found = self.transcription_jobs.get(name)
        return found if found and found.metadata.namespace == namespace else None

    async def list_unfinished(self, namespace: str) -> AsyncIterator[str]:
        self._fail_if_told("list_unfinished")
        for name, each in self.transcription_jobs.items():
            if each.metadata.namespace == namespace and not each.phase.is_final:
                yield name

    async def annotate(
        self, transcription_job: TranscriptionJob, annotations: Mapping[str, str]
    ) -> None:
        self._begin_write("annotate")
        metadata = transcription_job.metadata
        known = self.transcription_jobs.get(metadata.name)
        if known is None or known.metadata != metadata:
            raise Conflict(f"{metadata.name} was changed")
        changed = metadata.model_copy(
            update={
                "annotations": {**metadata.annotations, **annotations},
                "resource_version": str(int(metadata.resource_version) + 1),
            }
        )
        self.transcription_jobs[metadata.name] = known.model_copy(update={"metadata": changed})
        self._end_write("annotate")

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        self._begin_write("delete_transcription_job")
        found = self.transcription_jobs.get(name)
        if found and (found.metadata.namespace, found.metadata.uid) == (namespace, uid):
            del self.transcription_jobs[name]
        self._end_write("delete_transcription_job")

    async def explain_distrust(self, now: datetime) -> str | None:  # noqa: ARG002
        return self.distrust

    async def get_job(self, namespace: str, name: str) -> Resource | None:  # noqa: ARG002
        self._fail_if_told("get_job")
        return copy.deepcopy(self.jobs.get(name))

    async def list_pods(
        self,
        namespace: str,  # noqa: ARG002
        transcription_job_name: str,
    ) -> list[Resource]:
        self._fail_if_told("list_pods")
        return [
            copy.deepcopy(pod)
            for pod in self.pods.values()
            if pod["metadata"]["labels"][TRANSCRIPTION_JOB_LABEL] == transcription_job_name
        ]

    async def replace_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        self._begin_write("replace_status")
        name = transcription_job.metadata.name
        known = self.transcription_jobs.get(name)
        if known is None or known.metadata != transcription_job.metadata:
            raise Conflict(f"{name} was changed")
        # Through JSON and back, as the API server stores it.
        stored = TranscriptionJobStatus.model_validate(status.to_wire())
        version = str(int(known.metadata.resource_version) + 1)
        metadata = known.metadata.model_copy(update={"resource_version": version})
        self.transcription_jobs[name] = known.model_copy(
            update={"status": stored, "metadata": metadata}
        )
        self._end_write("replace_status")

    async def create_job(self, job: Resource) -> bool:
        self._begin_write("create_job")
        metadata = {**job["metadata"], "creationTimestamp": to_text(self.now)}
        is_new = metadata["name"] not in self.jobs
        self.jobs.setdefault(metadata["name"], copy.deepcopy({**job, "metadata": metadata}))
        self._end_write("create_job")
        return is_new

    async def suspend_job(
        self,
        namespace: str,  # noqa: ARG002
        name: str,
        *,
        is_suspended: bool,
    ) -> None:
        verb = "suspend_job" if is_suspended else "resume_job"
        self._begin_write(verb)
        if name not in self.jobs:
            raise Conflict(f"{name} is gone")
        self.jobs[name]["spec"]["suspend"] = is_suspended
        if is_suspended:
            self.pods.clear()
        self._end_write(verb)

    async def delete_job(self, namespace: str, name: str) -> None:  # noqa: ARG002
        self._begin_write("delete_job")
        if name in self.jobs:
            self.jobs[name]["metadata"].setdefault("deletionTimestamp", to_text(self.now))
        self._end_write("delete_job")

    async def apply_secret(self, secret: Resource) -> None:
        self._begin_write("apply_secret")
        self.secrets[secret["metadata"]["name"]] = secret
        self._end_write("apply_secret")

    async def delete_secret(self, namespace: str, name: str) -> None:  # noqa: ARG002
        self._begin_write("delete_secret")
        self.secrets.pop(name, None)
        self._end_write("delete_secret")

    def _begin_write(self, what: str) -> None:
        self._fail_if_told(what)
        if self.crash_at == ("before", 1):
            raise Crashed

    def _end_write(self, what: str) -> None:
        self.writes.append(what)
        if self.crash_at is not None:
            moment, number = self.crash_at
            if number == 1:
                raise Crashed
            self.crash_at = (moment, number - 1)

    def _fail_if_told(self, what: str) -> None:
        if failure := self.failures.pop(what, None):
            raise failure


class FakeStore:
    """Keeps the notes of jobs in a dict, and signs with a readable signature."""

    def __init__(self, url_lifetime: timedelta = timedelta(hours=12)) -> None:
        self.notes: dict[str, bytes] = {}
        self.is_away = False
        self.read_keys: list[str] = []
        self.url_lifetime = url_lifetime

    async def measure_url_lifetime(self) -> timedelta:
        if self.is_away:
            raise StorageUnavailable("signing: ConnectionError")
        return self.url_lifetime

    async def read_note(self, key: str) -> bytes | None:
        self.read_keys.append(key)
        if self.is_away:
            raise StorageUnavailable(f"reading {key}: ConnectionError")
        return self.notes.get(key)

    async def write_note(self, key: str, content: bytes) -> None:
        if self.is_away:
            raise StorageUnavailable(f"writing {key}: ConnectionError")
        self.notes[key] = content

    async def discard_all(self, prefix: str, *, until: float) -> None:  # noqa: ARG002
        if self.is_away:
            raise StorageUnavailable(f"removing {prefix}: ConnectionError")
        for key in [each for each in self.notes if each.startswith(prefix)]:
            del self.notes[key]

    def sign(self, method: Literal["GET", "PUT"], bucket: str | None, key: str) -> str:
        return f"https://store.example/{bucket or 'waas'}/{key}?signed-for={method}"
