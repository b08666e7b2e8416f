"""The operator, dying without a word before or after its n-th write; run with `python -m`.

`CRASH_AT` is "before:N" or "after:N", N counted from 1 over all writes to Kubernetes.
"""

import asyncio
import os
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.cluster import KubernetesCluster
from waas_operator.main import configure_logging, run_operator
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.seams import Resource
from waas_operator.senders import build_senders
from waas_operator.settings import Settings

CRASHED = 137

_Result = TypeVar("_Result")


class CrashingCluster(KubernetesCluster):
    """A cluster adapter that ends the process at one of its writes."""

    writes = 0

    async def _write(self, write: Awaitable[_Result]) -> _Result:
        moment, number = os.environ["CRASH_AT"].split(":")
        CrashingCluster.writes += 1
        is_due = CrashingCluster.writes == int(number)
        if is_due and moment == "before":
            os._exit(CRASHED)
        result = await write
        if is_due:
            os._exit(CRASHED)
        return result

    async def replace_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        await self._write(super().replace_status(transcription_job, status))

    async def annotate(
        self, transcription_job: TranscriptionJob, annotations: Mapping[str, str]
    ) -> None:
        await self._write(super().annotate(transcription_job, annotations))

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        await self._write(super().delete_transcription_job(namespace, name, uid))

    async def create_job(self, job: Resource) -> bool:
        return await self._write(super().create_job(job))

    async def suspend_job(self, namespace: str, name: str, *, is_suspended: bool) -> None:
        await self._write(super().suspend_job(namespace, name, is_suspended=is_suspended))

    async def delete_job(self, namespace: str, name: str) -> None:
        await self._write(super().delete_job(namespace, name))

    async def apply_secret(self, secret: Resource) -> None:
        await self._write(super().apply_secret(secret))

    async def delete_secret(self, namespace: str, name: str) -> None:
        await self._write(super().delete_secret(namespace, name))


async def _run() -> None:
    settings = Settings()
    configure_logging("INFO")
    cluster = await CrashingCluster.connect()
    store = MinioObjectStorage.connect(settings)
    await run_operator(settings, cluster, store, build_senders(settings))


if __name__ == "__main__":
    asyncio.run(_run())
