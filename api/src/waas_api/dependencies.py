"""What the routes work with, and how they get it."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from waas_api.attaching import HeldRecording
from waas_api.caller_limits import CallerLimits
from waas_api.callers import Authenticator, Caller, Permission
from waas_api.detection import Detections
from waas_api.errors import Forbidden, JobNotFound
from waas_api.gate import CALLER
from waas_api.live_streams import LiveStreams
from waas_api.object_storage import ObjectStorage
from waas_api.partial_segments import PartialReaders
from waas_api.readiness import Readiness
from waas_api.settings import Settings
from waas_api.tenants import Tenant, Tenants
from waas_api.transcription_request import Order
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
    limits: CallerLimits = field(default_factory=CallerLimits)


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
        async with self.admit():
            return await self.tenant.uploads.accept(
                order.of(self.caller.owner), self.services.limits.count(self.caller, body)
            )

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Keep a place for a new job of the caller's while it is made, or raise LimitReached.

        Every way to a new job leads through here; `accept` does so by itself.
        """
        self.require(Permission.CREATE)
        with self.services.limits.admit_upload(self.caller):
            async with self.tenant.live_jobs.admit(self.caller.owner):
                yield

    @asynccontextmanager
    async def hold(self, body: AsyncIterator[bytes]) -> AsyncIterator[HeldRecording]:
        """Store a recording of the caller's for as long as it takes to find its job."""
        self.require(Permission.CREATE)
        limits = self.services.limits
        counted = limits.count(self.caller, body)
        with limits.admit_upload(self.caller):
            async with self.tenant.attaching.hold(counted) as recording:
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
