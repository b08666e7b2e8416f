"""The places where TranscriptionJobs are kept, each with what a test does behind the api's back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from support.kubernetes_api import transcription_jobs_path
from support.service import API_RULES, Tenant
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.kubernetes.connection import KubernetesConnection
from waas_api.kubernetes.transcription_jobs import KubernetesTranscriptionJobs
from waas_standalone.database import Database
from waas_standalone.records import Kind, Records, Transaction
from waas_standalone.transcription_jobs import LocalTranscriptionJobs


class KeptJobs(Protocol):
    """An adapter of the api, on the real thing."""

    @property
    def jobs(self) -> TranscriptionJobs:
        """The adapter."""

    async def set_status(self, name: str, status: dict[str, Any]) -> None:
        """Write a status, as the operator would, of any form."""


@dataclass(frozen=True)
class OnKubernetes:
    jobs: KubernetesTranscriptionJobs
    tenant: Tenant

    async def set_status(self, name: str, status: dict[str, Any]) -> None:
        path = transcription_jobs_path(self.tenant.namespace, name)
        resource = self.tenant.api.get(path)
        self.tenant.api.request("PUT", f"{path}/status", {**resource, "status": status})


@dataclass(frozen=True)
class InSqlite:
    jobs: LocalTranscriptionJobs
    records: Records
    namespace: str

    async def set_status(self, name: str, status: dict[str, Any]) -> None:
        def write(at: Transaction) -> None:
            known = at.get(Kind.TRANSCRIPTION_JOB, self.namespace, name)
            assert known is not None
            at.replace(Kind.TRANSCRIPTION_JOB, {**known, "status": status})

        await self.records.run(write)


@asynccontextmanager
async def on_kubernetes(tenant: Tenant) -> AsyncIterator[OnKubernetes]:
    """Give the adapter that the api has in a cluster, with the rights that it has there."""
    kubeconfig = tenant.grant("api", API_RULES)
    async with KubernetesConnection(kubeconfig=kubeconfig, timeout_seconds=10) as connection:
        jobs = KubernetesTranscriptionJobs(tenant.namespace, connection)
        try:
            yield OnKubernetes(jobs, tenant)
        finally:
            await jobs.close()


@asynccontextmanager
async def in_sqlite(folder: Path, namespace: str = "default") -> AsyncIterator[InSqlite]:
    """Give the adapter that the api has on one machine."""
    database = Database(folder / "waas.sqlite")
    records = Records(database, lambda: datetime.now(UTC))
    try:
        jobs = LocalTranscriptionJobs(namespace, records)
        yield InSqlite(jobs, records, namespace)
        await jobs.close()
    finally:
        database.close()
