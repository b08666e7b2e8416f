"""Makes, reads and ends TranscriptionJobs on an API server."""

from collections.abc import Mapping
from typing import Any

from kubernetes.aio import client

from waas_api.errors import ClusterError, JobChanged, JobNotFound
from waas_api.jobs.index import JobIndex, parse_job
from waas_api.jobs.spec_changes import SpecChanges
from waas_api.jobs.watch import JobFeed, JobWatch
from waas_api.kubernetes.connection import KubernetesConnection
from waas_api.kubernetes.job_feed import KubernetesJobFeed
from waas_api.trace_context import trace_annotations
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    TranscriptionJob,
    TranscriptionJobSpec,
)

_MERGE_PATCH = "application/merge-patch+json"


class KubernetesTranscriptionJobs:
    """The TranscriptionJobs of one namespace on an API server, read from a watched index.

    What the index lacks, or all of it while the watch is away, is asked of the API server.
    """

    def __init__(
        self, namespace: str, connection: KubernetesConnection, feed: JobFeed | None = None
    ) -> None:
        self._connection = connection
        self._where = {
            "group": GROUP,
            "version": VERSION,
            "namespace": namespace,
            "plural": PLURAL,
            "_request_timeout": connection.timeout_seconds,
        }
        self._index = JobIndex()
        self._watch = JobWatch(feed or KubernetesJobFeed(connection, self._where), self._index)

    @property
    def _api(self) -> Any:
        return client.CustomObjectsApi(self._connection.api_client)

    async def create(
        self, name: str, spec: TranscriptionJobSpec, labels: Mapping[str, str] | None = None
    ) -> None:
        """Make a TranscriptionJob."""
        manifest = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": name,
                "labels": dict(labels or {}),
                "annotations": trace_annotations(),
            },
            "spec": spec.to_wire(),
        }
        self._index.fold(
            await self._connection.ask(
                self._api.create_namespaced_custom_object(**self._where, body=manifest)
            )
        )

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob."""
        self._watch.start()
        known = self._index.read(name) if self._watch.is_current else None
        if known is not None:
            return known
        resource = await self._connection.ask(
            self._api.get_namespaced_custom_object(**self._where, name=name)
        )
        self._index.fold(resource)
        return parse_job(resource)

    async def index(self) -> JobIndex:
        """Return all jobs as they are, a few milliseconds ago at most."""
        await self._watch.wait_until_current(self._connection.timeout_seconds)
        return self._index

    async def change(self, name: str, changes: SpecChanges) -> TranscriptionJob:
        """Change the spec by a merge patch."""
        return await self._patch(name, {"spec": changes.to_patch()})

    async def _patch(self, name: str, patch: Mapping[str, object]) -> TranscriptionJob:
        resource = await self._connection.ask(
            self._api.patch_namespaced_custom_object(
                **self._where, name=name, body=patch, _content_type=_MERGE_PATCH
            )
        )
        self._index.fold(resource)
        return parse_job(resource)

    async def annotate(
        self, name: str, annotations: Mapping[str, str], *, version: str | None = None
    ) -> TranscriptionJob:
        """Merge annotations into the metadata, of one resourceVersion or of any."""
        metadata: dict[str, object] = {"annotations": dict(annotations)}
        if version is not None:
            # No two resources ever have the same version, also not two of one name.
            metadata["resourceVersion"] = version
        return await self._patch(name, {"metadata": metadata})

    async def cancel(self, name: str) -> TranscriptionJob:
        """Set `spec.cancelled`; nothing takes it back."""
        return await self.change(name, SpecChanges(cancelled=True))

    async def delete(self, name: str, uid: str) -> None:
        """Remove the resource; the garbage collector takes what belongs to it."""
        try:
            await self._connection.ask(
                self._api.delete_namespaced_custom_object(
                    **self._where, name=name, body={"preconditions": {"uid": uid}}
                )
            )
        except JobChanged as error:
            self._index.forget(name, uid)
            raise JobNotFound("No such job") from error
        self._index.forget(name, uid)

    async def is_ready(self) -> bool:
        """Tell whether all TranscriptionJobs are known and watched."""
        try:
            await self.index()
        except ClusterError:
            return False
        return True

    async def close(self) -> None:
        """Stop watching."""
        await self._watch.close()
