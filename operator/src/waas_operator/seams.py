"""What the reconcile asks of the world; whoever composes a program fills it in.

No vendor's library is named here, so that the reconcile also runs where there is no Kubernetes.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.notification_texts import Mail
from waas_operator.webhook_messages import WebhookMessage

Resource = dict[str, Any]
"""An object of Kubernetes as plain JSON."""


class Cluster(Protocol):
    """The few things that the operator asks of Kubernetes."""

    async def get_transcription_job(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return the resource, or None where there is none; raises Unreadable."""
        ...

    def list_unfinished(self, namespace: str) -> AsyncIterator[str]:
        """Go through the names of all TranscriptionJobs that have not ended, page by page."""
        ...

    async def replace_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        """Write the whole status; raises Conflict if the resource changed since it was read."""
        ...

    async def annotate(
        self, transcription_job: TranscriptionJob, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into the metadata; raises Conflict if the resource changed or went."""
        ...

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        """Delete the resource; one that is gone, or of another uid, is left alone."""
        ...

    async def explain_distrust(self, now: datetime) -> str | None:
        """Return why nothing must be deleted by a clock that says `now`; None where it may."""
        ...

    async def get_job(self, namespace: str, name: str) -> Resource | None:
        """Return a batch/v1 Job, or None where there is none."""
        ...

    async def list_pods(self, namespace: str, transcription_job_name: str) -> list[Resource]:
        """Return the Pods of a TranscriptionJob's Job."""
        ...

    async def create_job(self, job: Resource) -> bool:
        """Create a Job; returns False where one of that name is there, which is left alone."""
        ...

    async def suspend_job(self, namespace: str, name: str, *, is_suspended: bool) -> None:
        """Suspend or resume a Job."""
        ...

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and wait for none of its Pods; they go before it does."""
        ...

    async def apply_secret(self, secret: Resource) -> None:
        """Create or overwrite a Secret, without reading it."""
        ...

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret if it is there."""
        ...


class Events(Protocol):
    """What telling people asks of Kubernetes."""

    async def create_event(self, event: Resource) -> None:
        """Create an Event; raises Conflict where there is one of that name, or no namespace."""
        ...

    async def update_event(self, metadata: Resource, change: Resource) -> None:
        """Change the Event of that name and namespace."""
        ...


class Leases(Protocol):
    """What leader election asks of Kubernetes."""

    async def get_lease(self, namespace: str, name: str) -> Resource | None:
        """Return a Lease, or None where there is none."""
        ...

    async def write_lease(self, lease: Resource) -> Resource:
        """Create or replace a Lease by whether it names a version; raises Conflict."""
        ...


class ObjectStorage(Protocol):
    """The few things that the operator asks of the object store."""

    async def read_note(self, key: str) -> bytes | None:
        """Return a small object whole, or None where there is none."""
        ...

    async def write_note(self, key: str, content: bytes) -> None:
        """Create or replace a small object."""
        ...

    async def discard_all(self, prefix: str, *, until: float) -> None:
        """Remove every object below a prefix that ends with "/"; nothing there is fine.

        Raises StorageUnavailable where it is not ready `until` then, by `time.monotonic`: who asked
        may no longer be the only one who works below the prefix.
        """
        ...

    async def measure_url_lifetime(self) -> timedelta:
        """Return how long URLs live that are signed now; raises StorageUnavailable."""
        ...

    def sign(self, method: Literal["GET", "PUT"], bucket: str | None, key: str) -> str:
        """Return a presigned URL for a pod; asks nobody, once the lifetime was measured."""
        ...


class MailSender(Protocol):
    """Sends mails."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail to the mail server, once; raises DeliveryFailed."""
        ...


class WebhookSender(Protocol):
    """Calls receivers."""

    async def send(self, message: WebhookMessage) -> None:
        """Make one request; raises DeliveryFailed unless it is answered with less than 400."""
        ...
