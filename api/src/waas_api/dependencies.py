"""What the routes work with, and how they get it."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from waas_api.access.caller_limits import CallerLimits
from waas_api.access.callers import Authenticator, Caller, Permission
from waas_api.access.gate import CALLER
from waas_api.errors import Forbidden, JobNotFound, UploadNotFound
from waas_api.http.live_streams import LiveStreams
from waas_api.http.page_files import PageFiles
from waas_api.http.upload_body import UploadBody
from waas_api.intake.resumable_uploads import Upload
from waas_api.intake.transcription_request import Order
from waas_api.intake.uploads import TakenIn
from waas_api.intake.web_sources import WebSources
from waas_api.jobs.attaching import HeldRecording
from waas_api.jobs.detection import Detections
from waas_api.jobs.idempotency import Once
from waas_api.readiness import Readiness
from waas_api.settings import Settings
from waas_api.storage.object_storage import ObjectStorage
from waas_api.tenants import Tenant, Tenants
from waas_api.transcripts.partial_segments import PartialReaders
from waas_contract.transcription_job import TranscriptionJob

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Services:
    """Everything that `create_app` wired together."""

    settings: Settings
    webhook_ids: frozenset[str]
    object_storage: ObjectStorage
    authenticator: Authenticator
    tenants: Tenants
    detections: Detections
    readiness: Readiness
    live_streams: LiveStreams
    partial_readers: PartialReaders
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    page_files: PageFiles
    limits: CallerLimits = field(default_factory=CallerLimits)
    web_sources: WebSources | None = None
    """None where no recordings are fetched from the web."""


@dataclass(frozen=True)
class Desk:
    """Where one caller is served: with the tenant's things, within the caller's rights."""

    services: Services
    caller: Caller
    tenant: Tenant

    @property
    def settings(self) -> Settings:
        """Return the administrator's settings."""
        return self.services.settings

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless the caller may do that."""
        if permission not in self.caller.permissions:
            raise Forbidden(f"You may not {permission} jobs here. Ask your administrator.")

    async def accept(self, order: Order, body: AsyncIterator[bytes]) -> str:
        """Take a recording in as the caller's own and return its job's name."""
        return (await self.take_in(order, body)).job.metadata.name

    async def take_in(
        self, order: Order, body: AsyncIterator[bytes] | None, once: Once | None = None
    ) -> TakenIn:
        """Make the job of a recording, or find the one that the same request made before."""
        with self.admit(body):
            return await self.tenant.uploads.take_in(
                order.of(self.caller.owner), body and self._count(body), once
            )

    @contextmanager
    def admit(self, body: AsyncIterator[bytes] | None = None) -> Iterator[None]:
        """Let the caller send something for a new job, or raise Forbidden or LimitReached.

        Every way to a new job leads through here. The limit of live jobs is kept where a job is
        made, for only there it is known whether there will be another one.
        """
        self.require(Permission.CREATE)
        announced = body.announced_bytes if isinstance(body, UploadBody) else None
        with self.services.limits.admit_upload(self.caller, announced):
            yield

    def _count(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        return self.services.limits.count(self.caller, body)

    async def begin_upload(self, order: Order, *, length: int, metadata: str) -> Upload:
        """Begin an upload in pieces, if the caller may have another job now."""
        owner = self.caller.owner
        with self.admit():
            async with self.tenant.live_jobs.admit(owner):
                return await self.tenant.resumable_uploads.begin(
                    order.of(owner), length=length, metadata=metadata
                )

    async def append_to_upload(
        self, upload: Upload, offset: int, body: AsyncIterator[bytes]
    ) -> int:
        """Take a piece of an upload and return how much has arrived; the last one makes the job."""
        with self.admit():
            return await self.tenant.resumable_uploads.append(upload, offset, self._count(body))

    async def find_upload(self, name: str) -> Upload:
        """Return an upload by an id that a client sent; others' are as good as none."""
        self.require(Permission.CREATE)
        if not _NAME.fullmatch(name):
            raise UploadNotFound("There is no such upload.")
        upload = await self.tenant.resumable_uploads.get(name)
        if not self.caller.may_see(upload.request.owner):
            raise UploadNotFound("There is no such upload.")
        return upload

    @asynccontextmanager
    async def hold(self, body: AsyncIterator[bytes]) -> AsyncIterator[HeldRecording]:
        """Store a recording of the caller's for as long as it takes to find its job."""
        with self.admit():
            async with self.tenant.attaching.hold(self._count(body)) as recording:
                yield recording

    async def attach(self, order: Order, recording: HeldRecording) -> str:
        """Return the name of the caller's job that does what is asked for, old or new."""
        self.require(Permission.CREATE)
        return await self.tenant.attaching.attach(order.of(self.caller.owner), recording)

    async def find_job(
        self, name: str, permission: Permission = Permission.READ
    ) -> TranscriptionJob:
        """Return a job by an id that a client sent.

        What cannot be a name is not asked for, and of others' jobs nobody learns that they exist.
        """
        self.require(permission)
        if not _NAME.fullmatch(name):
            raise JobNotFound("No such job")
        job = await self.tenant.transcription_jobs.get(name)
        if not self.caller.may_see(job.spec.owner) and not self.caller.was_shown(
            job.metadata.name, job.metadata.creation_timestamp
        ):
            raise JobNotFound("No such job")
        return job


def _get_services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


WiredServices = Annotated[Services, Depends(_get_services)]
"""For routes that serve whoever asks."""


async def _open_desk(request: Request, services: WiredServices) -> Desk:
    caller = request.scope[CALLER]
    assert isinstance(caller, Caller)
    return Desk(services, caller, services.tenants.get(caller.namespace))


CallersDesk = Annotated[Desk, Depends(_open_desk)]
"""For every route that shows or changes anything of a tenant's."""
