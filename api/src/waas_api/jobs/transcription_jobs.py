"""What the api asks of whoever keeps TranscriptionJobs: Kubernetes, or one machine's own store."""

from collections.abc import Mapping
from typing import Protocol

from waas_api.jobs.index import JobIndex
from waas_api.jobs.spec_changes import SpecChanges
from waas_contract.transcription_job import TranscriptionJob, TranscriptionJobSpec


class TranscriptionJobs(Protocol):
    """The TranscriptionJobs of one namespace.

    Whoever writes reads what was written: `get` and `index` know a job that this api has made,
    changed or deleted as soon as the call has returned.
    """

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        """Make a TranscriptionJob, or raise NameTaken, ClusterRefused or ClusterUnavailable."""
        ...

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob, or raise JobNotFound."""
        ...

    async def index(self) -> JobIndex:
        """Return all jobs, to be read and listened to, or raise ClusterUnavailable.

        It lives: what is read of it without an `await` in between belongs together.
        """
        ...

    async def change(self, name: str, changes: SpecChanges) -> TranscriptionJob:
        """Change a job's spec and return the job, or raise JobNotFound."""
        ...

    async def annotate(
        self, name: str, annotations: Mapping[str, str], *, version: str | None = None
    ) -> TranscriptionJob:
        """Set annotations beside those that are there; return the job, or raise JobNotFound.

        With a `version`, only where the job still has that resourceVersion; else raise JobChanged.
        """
        ...

    async def cancel(self, name: str) -> TranscriptionJob:
        """Ask for a job's end, again if need be, and return it, or raise JobNotFound."""
        ...

    async def delete(self, name: str, uid: str) -> None:
        """Remove the record of a job; raise JobNotFound where it is gone, or of another uid."""
        ...

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be read."""
        ...

    async def close(self) -> None:
        """Stop watching; nothing is asked any more."""
        ...
