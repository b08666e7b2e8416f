"""Makes TranscriptionJobs of the records in the object store again; it runs none of them.

    waas-import-records [--dry-run]

It takes the operator's settings, and rights to create TranscriptionJobs and to write their status,
which the operator itself does not have (docs/operations.md). It may be repeated: what is there
stays as it is, and what was begun is finished.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from waas_contract.job_status import Phase
from waas_contract.manifest import Manifest
from waas_contract.names import IMPORTED_ANNOTATION
from waas_contract.object_keys import job_prefix, manifest_key, record_key, tenant_prefix
from waas_contract.reading import UnreadableTranscriptionJob
from waas_contract.records import build_imported, build_imported_status, read_record
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.cluster import KubernetesCluster
from waas_operator.errors import Conflict, OperatorError, Refused
from waas_operator.main import explain_settings
from waas_operator.object_storage import MinioObjectStorage
from waas_operator.settings import Settings

_AT_ONCE = 8


@dataclass
class Account:
    """What became of the records of all namespaces."""

    imported: int = 0
    known: int = 0
    left_out: list[str] = field(default_factory=list)
    """A sentence for each that cannot be imported."""


class RecordImporter:
    """Imports the records of namespaces into a cluster."""

    def __init__(
        self,
        cluster: KubernetesCluster,
        store: MinioObjectStorage,
        clock: Callable[[], datetime],
        *,
        is_dry_run: bool = False,
    ) -> None:
        """Take the adapters; a dry run only counts."""
        self._cluster = cluster
        self._store = store
        self._clock = clock
        self._is_dry_run = is_dry_run
        self.account = Account()

    async def import_all(self, namespaces: Sequence[str]) -> None:
        """Import every record below the prefixes of these namespaces."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def import_one(namespace: str, name: str) -> None:
            async with room:
                try:
                    await self._import(namespace, name)
                except Refused as error:
                    self.account.left_out.append(f"{namespace}/{name}: {error}")

        async with asyncio.TaskGroup() as group:
            for namespace in namespaces:
                async for name in self._list_names(namespace):
                    group.create_task(import_one(namespace, name))

    async def _list_names(self, namespace: str) -> AsyncIterator[str]:
        prefix = tenant_prefix(namespace)
        for key in await self._store.list_below(prefix):
            name = key.removeprefix(prefix).removesuffix("/")
            # What is not a job's folder begins with an underscore.
            if key.endswith("/") and not name.startswith("_"):
                yield name

    async def _import(self, namespace: str, name: str) -> None:
        content = await self._store.read_note(record_key(namespace, name))
        if content is None:
            if await self._store.read_note(manifest_key(namespace, name)) is not None:
                text = "has results and no record; they stay where they are"
                self.account.left_out.append(f"{namespace}/{name}: {text}")
            return
        try:
            job = read_record(content, namespace, name)
        except UnreadableTranscriptionJob as error:
            self.account.left_out.append(f"{namespace}/{name}: {error}")
            return
        if reason := await self._explain_leftover(job):
            self.account.left_out.append(f"{namespace}/{name}: {reason}")
        elif not self._is_dry_run:
            await self._make(job)
        else:
            self.account.imported += 1

    async def _explain_leftover(self, job: TranscriptionJob) -> str | None:
        """Return why a record must not be imported: what it tells of is not there any more."""
        namespace, name = job.metadata.namespace, job.metadata.name
        if job.phase is Phase.SUCCEEDED:
            content = await self._store.read_note(manifest_key(namespace, name))
            try:
                manifest = Manifest.model_validate_json(content or b"")
            except ValidationError:
                return "its results are gone"
            if not manifest.answers(namespace, name, job.spec.digest()):
                return "the results are those of another request"
            return None
        others = set(await self._store.list_below(job_prefix(namespace, name)))
        # Somebody removed the job and died over the last object, or the recording never was ours.
        if job.spec.source.key.startswith(job_prefix(namespace, name)) and others == {
            record_key(namespace, name)
        }:
            return "everything but the record was removed"
        return None

    async def _make(self, job: TranscriptionJob) -> None:
        namespace, name = job.metadata.namespace, job.metadata.name
        try:
            made = await self._cluster.create_transcription_job(build_imported(job, self._clock()))
        except Conflict:
            known = await self._cluster.get_transcription_job(namespace, name)
            if known is None:
                raise
            if known.phase.is_final or IMPORTED_ANNOTATION not in known.metadata.annotations:
                self.account.known += 1
                return
            made = known
        status = build_imported_status(job)
        generation = {"observed_generation": made.metadata.generation}
        await self._cluster.replace_status(made, status.model_copy(update=generation))
        self.account.imported += 1


async def _run(settings: Settings, *, is_dry_run: bool) -> Account:
    cluster = await KubernetesCluster.connect()
    try:
        importer = RecordImporter(
            cluster,
            MinioObjectStorage.connect(settings),
            lambda: datetime.now(UTC),
            is_dry_run=is_dry_run,
        )
        await importer.import_all(settings.job_namespaces)
        return importer.account
    finally:
        await cluster.close()


def main() -> int:
    """Import what the settings name and say what came of it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="waas-import-records", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only count what would be made")
    arguments = parser.parse_args()
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write(f"waas-import-records: {explain_settings(error)}\n")
        return 78
    try:
        account = asyncio.run(_run(settings, is_dry_run=arguments.dry_run))
    except ExceptionGroup as group:
        if group.split(OperatorError)[1]:
            raise
        sys.stderr.write(f"waas-import-records: {group.exceptions[0]}; run it again\n")
        return 75
    for sentence in account.left_out:
        sys.stderr.write(f"left out: {sentence}\n")
    sys.stdout.write(
        f"imported {account.imported}, already there {account.known},"
        f" left out {len(account.left_out)}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
