"""What the operator asks of Kubernetes, by kind: each as plain JSON at its path."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Self

from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    TranscriptionJob,
)
from waas_operator.api_server import FIELD_MANAGER, ApiServer
from waas_operator.errors import Conflict, Unreadable
from waas_operator.seams import Resource
from waas_operator.sightings import Sightings

_PAGE_SIZE = "500"

# By what it is not: a resource that was never reconciled has no phase at all.
_UNFINISHED = ",".join(f"status.phase!={phase}" for phase in Phase if phase.is_final)

# Names are all that is wanted of a list, and one resource of a strange form cannot spoil it.
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


class KubernetesCluster:
    """A Cluster behind a real API server."""

    def __init__(self, api_server: ApiServer, sightings: Sightings | None = None) -> None:
        """Take what is asked, and what an informer sees."""
        self.api_server = api_server
        self.sightings = sightings or Sightings()

    @classmethod
    async def connect(cls) -> Self:
        """Use the pod's service account where there is one, else the kubeconfig."""
        return cls(await ApiServer.connect())

    async def close(self) -> None:
        """Close the connections."""
        await self.api_server.close()

    async def get_transcription_job(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return the resource, or None where there is none; raises Unreadable."""
        if seen := self.sightings.take(namespace, name):
            return seen
        resource = await self.api_server.get(_transcription_job_path(namespace, name))
        if resource is None:
            self.sightings.forget(namespace, name)
        try:
            return read_transcription_job(resource) if resource else None
        except UnreadableTranscriptionJob as error:
            raise Unreadable(str(error)) from None

    async def create_transcription_job(self, resource: Resource) -> TranscriptionJob:
        """Create a resource, whose status cannot be given with it; raises Conflict."""
        path = _transcription_job_path(resource["metadata"]["namespace"])
        query = {"fieldManager": FIELD_MANAGER}
        return read_transcription_job(
            await self.api_server.request("POST", path, query=query, body=resource)
        )

    async def list_unfinished(self, namespace: str) -> AsyncIterator[str]:
        """Go through the names of all TranscriptionJobs that have not ended, page by page."""
        path = _transcription_job_path(namespace)
        query = {"limit": _PAGE_SIZE, "fieldSelector": _UNFINISHED}
        while True:
            page = await self.api_server.request("GET", path, query=query, accept=_METADATA_ONLY)
            # The API server writes an empty list of metadata as null.
            for resource in page.get("items") or ():
                name = resource["metadata"]["name"]
                # Whoever lists wants to know what was missed.
                self.sightings.see_listed(namespace, name)
                yield name
            if not (token := page.get("metadata", {}).get("continue")):
                return
            query = {**query, "continue": token}

    async def replace_status(
        self, transcription_job: TranscriptionJob, status: TranscriptionJobStatus
    ) -> None:
        """Write the whole status; raises Conflict if the resource changed since it was read."""
        metadata = transcription_job.metadata
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": metadata.name,
                "namespace": metadata.namespace,
                "uid": metadata.uid,
                "resourceVersion": metadata.resource_version,
            },
            # The status subresource ignores the spec, yet the schema asks for it.
            "spec": transcription_job.spec.to_wire(),
            "status": status.to_wire(),
        }
        path = f"{_transcription_job_path(metadata.namespace, metadata.name)}/status"
        stored = await self.api_server.submit("PUT", path, body)
        version = {"resource_version": stored["metadata"]["resourceVersion"]}
        written = {"metadata": metadata.model_copy(update=version), "status": status}
        self.sightings.note_written(transcription_job.model_copy(update=written))

    async def annotate(
        self, transcription_job: TranscriptionJob, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into the metadata; raises Conflict if the resource changed or went."""
        metadata = transcription_job.metadata
        # No two resources ever have the same version, also not two of one name.
        changed = {"resourceVersion": metadata.resource_version, "annotations": dict(annotations)}
        path = _transcription_job_path(metadata.namespace, metadata.name)
        await self.api_server.submit("PATCH", path, {"metadata": changed})

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        """Delete the resource; one that is gone, or of another uid, is left alone."""
        path = _transcription_job_path(namespace, name)
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self.api_server.request("DELETE", path, body=body, is_optional=True)
        except Conflict:
            # Somebody has made another one of that name.
            return

    async def explain_distrust(self, now: datetime) -> str | None:
        """Return why nothing must be deleted by a clock that says `now`; None where it may."""
        return self.api_server.explain_distrust(now)

    async def get_job(self, namespace: str, name: str) -> Resource | None:
        """Return a batch/v1 Job, or None where there is none."""
        if seen := self.sightings.take_finished_job(namespace, name):
            return seen
        return await self.api_server.get(_job_path(namespace, name))

    async def list_pods(self, namespace: str, transcription_job_name: str) -> list[Resource]:
        """Return the Pods of a TranscriptionJob's Job."""
        selector = f"{TRANSCRIPTION_JOB_LABEL}={transcription_job_name}"
        path = f"/api/v1/namespaces/{namespace}/pods"
        page = await self.api_server.request("GET", path, query={"labelSelector": selector})
        pods: list[Resource] = page.get("items") or []
        return pods

    async def create_job(self, job: Resource) -> bool:
        """Create a Job; returns False where one of that name is there, which is left alone."""
        path = _job_path(job["metadata"]["namespace"])
        try:
            await self.api_server.submit("POST", path, job)
        except Conflict:
            # Quota's book-keeping and a namespace that is ending are conflicts, too.
            if await self.get_job(job["metadata"]["namespace"], job["metadata"]["name"]) is None:
                raise
            return False
        return True

    async def suspend_job(self, namespace: str, name: str, *, is_suspended: bool) -> None:
        """Suspend or resume a Job."""
        body = {"spec": {"suspend": is_suspended}}
        await self.api_server.submit("PATCH", _job_path(namespace, name), body)

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and wait for none of its Pods; they go before it does."""
        query = {"propagationPolicy": "Foreground"}
        await self.api_server.request(
            "DELETE", _job_path(namespace, name), query=query, is_optional=True
        )

    async def apply_secret(self, secret: Resource) -> None:
        """Create or overwrite a Secret, without reading it."""
        namespace, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        try:
            await self.api_server.submit("POST", _secret_path(namespace), secret)
        except Conflict:
            # Server-side apply would do without a second request, and costs the API server more
            # than twice of what a creation does, which nearly all are.
            await self.api_server.submit("PATCH", _secret_path(namespace, name), secret)

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret if it is there."""
        await self.api_server.request("DELETE", _secret_path(namespace, name), is_optional=True)

    async def create_event(self, event: Resource) -> None:
        """Create an Event; raises Conflict where there is one of that name, or no namespace."""
        path = _event_path(event["metadata"]["namespace"])
        await self.api_server.submit("POST", path, event)

    async def update_event(self, metadata: Resource, change: Resource) -> None:
        """Change the Event of that name and namespace."""
        await self.api_server.submit(
            "PATCH", _event_path(metadata["namespace"], metadata["name"]), change
        )

    async def get_lease(self, namespace: str, name: str) -> Resource | None:
        """Return a Lease, or None where there is none."""
        return await self.api_server.get(_lease_path(namespace, name))

    async def write_lease(self, lease: Resource) -> Resource:
        """Create or replace a Lease by whether it names a version; raises Conflict."""
        metadata = lease["metadata"]
        is_new = "resourceVersion" not in metadata
        path = _lease_path(metadata["namespace"], "" if is_new else metadata["name"])
        method = "POST" if is_new else "PUT"
        return await self.api_server.request(method, path, body=lease, is_guarded=False)


def _transcription_job_path(namespace: str, name: str = "") -> str:
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}/{name}".rstrip("/")


def _job_path(namespace: str, name: str = "") -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}".rstrip("/")


def _secret_path(namespace: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/{name}".rstrip("/")


def _event_path(namespace: str, name: str = "") -> str:
    return f"/apis/events.k8s.io/v1/namespaces/{namespace}/events/{name}".rstrip("/")


def _lease_path(namespace: str, name: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}".rstrip("/")
