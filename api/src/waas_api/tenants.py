"""What belongs to one tenant, which is a namespace, and to no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from waas_api.errors import JobNotFound
from waas_api.intake.resumable_uploads import ResumableUploads
from waas_api.intake.uploads import Uploads
from waas_api.jobs.attaching import Attaching
from waas_api.jobs.awaited_jobs import AwaitedJobs
from waas_api.jobs.forecasts import Forecasts
from waas_api.jobs.live_jobs import LiveJobs
from waas_api.jobs.transcribed_time import TranscribedTime
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.jobs.waiting_line import WaitingLine


@dataclass(frozen=True)
class Tenant:
    """The jobs of a namespace, the way in for its recordings and its place in the queue."""

    namespace: str
    transcription_jobs: TranscriptionJobs
    uploads: Uploads
    resumable_uploads: ResumableUploads
    waiting_line: WaitingLine
    transcribed_time: TranscribedTime
    live_jobs: LiveJobs
    awaited_jobs: AwaitedJobs
    attaching: Attaching
    forecasts: Forecasts = field(default_factory=Forecasts)


class Tenants:
    """All tenants that are served, also those that nobody has asked for since the start."""

    def __init__(self, build: Callable[[str], Tenant], namespaces: Iterable[str]) -> None:
        """Take what builds a tenant from its namespace."""
        self._tenants = {namespace: build(namespace) for namespace in namespaces}

    def get(self, namespace: str) -> Tenant:
        """Return a tenant; whether the caller belongs to it was decided before.

        Raises:
            JobNotFound: it is served no longer, which an old link does not know.
        """
        if namespace not in self._tenants:
            raise JobNotFound("No such job")
        return self._tenants[namespace]

    def all(self) -> tuple[Tenant, ...]:
        """Return all of them."""
        return tuple(self._tenants.values())

    def list_awaited_jobs(self) -> list[AwaitedJobs]:
        """Return the awaited jobs of each tenant."""
        return [tenant.awaited_jobs for tenant in self._tenants.values()]

    async def close(self) -> None:
        """Wait until no upload is half done, then stop watching."""
        for tenant in self._tenants.values():
            await tenant.uploads.close()
            await tenant.transcription_jobs.close()
