"""What the api asks of whoever keeps TranscriptionJobs: Kubernetes, or one machine's own store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from waas_contract.transcription_job import TranscriptionJob, TranscriptionJobSpec


@dataclass(frozen=True)
class WaitingJob:
    """A TranscriptionJob that has not started."""

    name: str
    creation_time: datetime


@dataclass(frozen=True)
class LiveJob:
    """A TranscriptionJob that has not ended."""

    name: str
    owner: str | None


@dataclass(frozen=True)
class UnfinishedJob:
    """A TranscriptionJob that has not ended."""

    name: str
    creation_time: datetime
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class JobPage:
    """Some of the jobs, and where the others begin."""

    jobs: tuple[TranscriptionJob, ...]
    cursor: str | None
    """What the next page is asked for with; None on the last."""


class TranscriptionJobs(Protocol):
    """The TranscriptionJobs of one namespace."""

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        """Make a TranscriptionJob, or raise NameTaken, ClusterRefused or ClusterUnavailable."""
        ...

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob, or raise JobNotFound."""
        ...

    async def list(self, *, limit: int, cursor: str | None = None) -> JobPage:
        """Return at most so many jobs, or raise InvalidCursor.

        Newest first where the store can say so; an API server gives them by name.
        """
        ...

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn, in no order."""
        ...

    async def list_live(self) -> tuple[LiveJob, ...]:
        """Return the jobs that have not ended, in no order."""
        ...

    async def list_unfinished(self, *, label: str) -> tuple[UnfinishedJob, ...]:
        """Return the jobs with a label that have not ended, in no order."""
        ...

    async def annotate(self, name: str, annotations: Mapping[str, str]) -> TranscriptionJob:
        """Set annotations beside those that are there; return the job, or raise JobNotFound."""
        ...

    async def cancel(self, name: str) -> TranscriptionJob:
        """Ask for a job's end, again if need be, and return it, or raise JobNotFound."""
        ...

    async def delete(self, name: str) -> None:
        """Remove the record of a job, or raise JobNotFound."""
        ...

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be read."""
        ...
