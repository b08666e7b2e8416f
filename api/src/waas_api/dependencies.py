"""What the routes work with, and how they get it."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from waas_api.callers import Authenticator, Caller, Permission
from waas_api.errors import Forbidden, JobNotFound
from waas_api.idempotency import Once
from waas_api.object_storage import ObjectStorage
from waas_api.readiness import Readiness
from waas_api.settings import Settings
from waas_api.tenants import Tenant, Tenants
from waas_api.transcription_request import Order
from waas_api.uploads import TakenIn
from waas_api.web_sources import WebSources
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
    readiness: Readiness
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    web_sources: WebSources | None
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
        self.require(Permission.CREATE)
        return await self.tenant.uploads.take_in(order.of(self.caller.owner), body, once)

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
        if not self.caller.may_see(job.spec.owner):
            raise JobNotFound("No such job")
        return job


def _get_services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


WiredServices = Annotated[Services, Depends(_get_services)]
"""For routes that serve whoever asks."""


async def _open_desk(request: Request, services: WiredServices) -> Desk:
    caller = await services.authenticator.authenticate(request.headers)
    return Desk(services, caller, services.tenants.get(caller.namespace))


CallersDesk = Annotated[Desk, Depends(_open_desk)]
"""For every route that shows or changes anything of a tenant's."""
