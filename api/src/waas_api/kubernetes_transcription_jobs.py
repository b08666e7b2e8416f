"""Makes, reads and ends TranscriptionJobs on an API server."""

import builtins
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubernetes.aio import client

from waas_api.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    InvalidCursor,
)
from waas_api.kubernetes_connection import KubernetesConnection
from waas_api.transcription_jobs import JobPage, LiveJob, UnfinishedJob, WaitingJob
from waas_contract.log_lines import log_fields
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    Phase,
    TranscriptionJob,
    TranscriptionJobSpec,
)

logger = logging.getLogger(__name__)

PAGE_SIZE = 500
_MERGE_PATCH = "application/merge-patch+json"

# By what it is not: a resource that the operator has not seen yet has no phase at all.
_WAITING_SELECTOR = ",".join(f"status.phase!={phase}" for phase in Phase if not phase.is_waiting)
_UNFINISHED_SELECTOR = ",".join(f"status.phase!={phase}" for phase in Phase if phase.is_final)

_LIVE_SELECTOR = ",".join(f"status.phase!={phase}" for phase in Phase if phase.is_final)

# Names and times are all that is wanted of a long list; a whole resource is ten times as long.
_METADATA_ONLY = {
    "Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
}


class KubernetesTranscriptionJobs:
    """The TranscriptionJobs of one namespace on an API server."""

    def __init__(self, namespace: str, connection: KubernetesConnection) -> None:
        self._connection = connection
        self._where = {
            "group": GROUP,
            "version": VERSION,
            "namespace": namespace,
            "plural": PLURAL,
            "_request_timeout": connection.timeout_seconds,
        }

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
            "metadata": {"name": name, "labels": dict(labels or {})},
            "spec": spec.to_wire(),
        }
        await self._connection.ask(
            self._api.create_namespaced_custom_object(**self._where, body=manifest)
        )

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob."""
        return _parse_job(
            await self._connection.ask(
                self._api.get_namespaced_custom_object(**self._where, name=name)
            )
        )

    async def list(self, *, limit: int, cursor: str | None = None) -> JobPage:
        """Return a page of the jobs, by name: an API server knows no other order."""
        position = {} if cursor is None else {"_continue": cursor}
        try:
            page = await self._connection.ask(
                self._api.list_namespaced_custom_object(**self._where, limit=limit, **position)
            )
        except ClusterRefused as error:
            if cursor is not None and error.is_request_invalid:
                raise InvalidCursor(
                    "This cursor is wrong or too old: list from the beginning."
                ) from error
            raise
        jobs = []
        for resource in page["items"]:
            try:
                jobs.append(_parse_job(resource))
            except ClusterUnavailable as error:
                # One that a later release made must not hide all the others.
                name = resource["metadata"]["name"]
                logger.warning("not listed: %s", error, extra=log_fields(transcription_job=name))
        return JobPage(jobs=tuple(jobs), cursor=page["metadata"].get("continue") or None)

    async def annotate(self, name: str, annotations: Mapping[str, str]) -> TranscriptionJob:
        """Merge annotations into the metadata."""
        return _parse_job(
            await self._connection.ask(
                self._api.patch_namespaced_custom_object(
                    **self._where,
                    name=name,
                    body={"metadata": {"annotations": dict(annotations)}},
                    _content_type=_MERGE_PATCH,
                )
            )
        )

    async def cancel(self, name: str) -> TranscriptionJob:
        """Set `spec.cancelled`; nothing takes it back."""
        return _parse_job(
            await self._connection.ask(
                self._api.patch_namespaced_custom_object(
                    **self._where,
                    name=name,
                    body={"spec": {"cancelled": True}},
                    _content_type=_MERGE_PATCH,
                )
            )
        )

    async def delete(self, name: str) -> None:
        """Remove the resource; the garbage collector takes what belongs to it."""
        await self._connection.ask(
            self._api.delete_namespaced_custom_object(**self._where, name=name)
        )

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn, page by page."""
        items = await self._select(field_selector=_WAITING_SELECTOR, _headers=_METADATA_ONLY)
        return tuple(
            WaitingJob(
                name=item["metadata"]["name"],
                creation_time=datetime.fromisoformat(item["metadata"]["creationTimestamp"]),
            )
            for item in items
        )

    async def list_live(self) -> tuple[LiveJob, ...]:
        """Return the jobs that have not ended, page by page."""
        return tuple(
            LiveJob(item["metadata"]["name"], item["spec"].get("owner"))
            for item in await self._select(field_selector=_LIVE_SELECTOR)
        )

    async def list_unfinished(self, *, label: str) -> tuple[UnfinishedJob, ...]:
        """Return the jobs with a label that have not ended, page by page."""
        items = await self._select(
            field_selector=_LIVE_SELECTOR, label_selector=label, _headers=_METADATA_ONLY
        )
        return tuple(
            UnfinishedJob(
                name=item["metadata"]["name"],
                creation_time=datetime.fromisoformat(item["metadata"]["creationTimestamp"]),
                annotations=item["metadata"].get("annotations") or {},
            )
            for item in items
        )

    async def _select(self, **options: Any) -> builtins.list[Any]:
        items: builtins.list[Any] = []
        position: dict[str, str] = {}
        while True:
            page = await self._connection.ask(
                self._api.list_namespaced_custom_object(
                    **self._where,
                    limit=PAGE_SIZE,
                    **options,
                    **position,
                )
            )
            # The API server writes an empty list of metadata as null.
            items += page["items"] or ()
            token = page["metadata"].get("continue")
            if not token:
                return items
            position = {"_continue": token}

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be listed."""
        try:
            await self._connection.ask(
                self._api.list_namespaced_custom_object(**self._where, limit=1)
            )
        except ClusterError:
            return False
        return True


def _parse_job(resource: Any) -> TranscriptionJob:
    try:
        return read_transcription_job(resource)
    except UnreadableTranscriptionJob as error:
        raise ClusterUnavailable(f"{resource['metadata']['name']} is {error}") from None
