"""The operator's only Kubernetes code: reads and writes objects as plain JSON.

Requests go through the official client's transport, but without its typed models: a manifest from
a builder is sent as it is, and what comes back is read by `observation`.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import OpenApiException

from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    Phase,
    TranscriptionJob,
    TranscriptionJobStatus,
)
from waas_operator.clock_trust import ServerClock
from waas_operator.errors import ClusterUnavailable, Conflict, OperatorError, Refused, Unreadable
from waas_operator.seams import Resource
from waas_operator.sightings import Sightings

_TIMEOUT_SECONDS = 30.0
_PAUSES_SECONDS = (0.2, 0.5, 1.0)
"""Before a request that the API server was too busy for is sent once more: each is safe to repeat,
and a reconcile of several would otherwise begin anew for every one of them."""

_LONGEST_PAUSE_SECONDS = 2.0
_BUSY = (429, 500, 502, 503, 504)
_PAGE_SIZE = "500"
_FIELD_MANAGER = "waas-operator"
_JSON = "application/json"
_MERGE = "application/merge-patch+json"

# By what it is not: a resource that was never reconciled has no phase at all.
_UNFINISHED = ",".join(f"status.phase!={phase}" for phase in Phase if phase.is_final)

# Names are all that is wanted of a list, and one resource of a strange form cannot spoil it.
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

# And of what was written itself, the version: the rest was sent a moment ago.
_RECEIPT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class KubernetesCluster:
    """A Cluster behind a real API server."""

    def __init__(
        self,
        api_client: client.ApiClient,
        sightings: Sightings | None = None,
        *,
        pauses_seconds: Sequence[float] = _PAUSES_SECONDS,
    ) -> None:
        """Take a client whose configuration is loaded, and what an informer sees."""
        self._client = api_client
        self._pauses_seconds = pauses_seconds
        self.sightings = sightings or Sightings()
        self.guard: Callable[[], None] = lambda: None
        """Raises where this process may no longer write."""

        self.note_request: Callable[[str, str, float], None] = lambda *_: None
        """Is told of each request's verb, status and seconds."""

        self._server_clock = ServerClock()

    @classmethod
    async def connect(cls) -> Self:
        """Use the pod's service account where there is one, else the kubeconfig."""
        # The client would read the home folder's .netrc and all proxies' variables at each request,
        # an eighth of what a job costs. Kopf, which watches beside it, goes by none of them.
        configuration = client.Configuration(client_session_kwargs={"trust_env": False})
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            await config.load_kube_config(client_configuration=configuration)
        return cls(client.ApiClient(configuration))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def get_transcription_job(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Return the resource, or None where there is none; raises Unreadable."""
        if seen := self.sightings.take(namespace, name):
            return seen
        resource = await self._get(_transcription_job_path(namespace, name))
        if resource is None:
            self.sightings.forget(namespace, name)
        try:
            return read_transcription_job(resource) if resource else None
        except UnreadableTranscriptionJob as error:
            raise Unreadable(str(error)) from None

    async def create_transcription_job(self, resource: Resource) -> TranscriptionJob:
        """Create a resource, whose status cannot be given with it; raises Conflict."""
        path = _transcription_job_path(resource["metadata"]["namespace"])
        query = {"fieldManager": _FIELD_MANAGER}
        return read_transcription_job(await self._request("POST", path, query=query, body=resource))

    async def list_unfinished(self, namespace: str) -> AsyncIterator[str]:
        """Go through the names of all TranscriptionJobs that have not ended, page by page."""
        path = _transcription_job_path(namespace)
        query = {"limit": _PAGE_SIZE, "fieldSelector": _UNFINISHED}
        while True:
            page = await self._request("GET", path, query=query, accept=_METADATA_ONLY)
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
        stored = await self._submit("PUT", path, body)
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
        await self._submit("PATCH", path, {"metadata": changed})

    async def delete_transcription_job(self, namespace: str, name: str, uid: str) -> None:
        """Delete the resource; one that is gone, or of another uid, is left alone."""
        path = _transcription_job_path(namespace, name)
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._request("DELETE", path, body=body, is_optional=True)
        except Conflict:
            # Somebody has made another one of that name.
            return

    async def explain_distrust(self, now: datetime) -> str | None:
        """Return why nothing must be deleted by a clock that says `now`; None where it may."""
        return self._server_clock.explain_distrust(now)

    async def get_job(self, namespace: str, name: str) -> Resource | None:
        """Return a batch/v1 Job, or None where there is none."""
        if seen := self.sightings.take_finished_job(namespace, name):
            return seen
        return await self._get(_job_path(namespace, name))

    async def list_pods(self, namespace: str, transcription_job_name: str) -> list[Resource]:
        """Return the Pods of a TranscriptionJob's Job."""
        selector = f"{TRANSCRIPTION_JOB_LABEL}={transcription_job_name}"
        path = f"/api/v1/namespaces/{namespace}/pods"
        page = await self._request("GET", path, query={"labelSelector": selector})
        pods: list[Resource] = page.get("items") or []
        return pods

    async def create_job(self, job: Resource) -> None:
        """Create a Job; one of that name which is already there is left alone."""
        path = _job_path(job["metadata"]["namespace"])
        try:
            await self._submit("POST", path, job)
        except Conflict:
            # Quota's book-keeping and a namespace that is ending are conflicts, too.
            if await self.get_job(job["metadata"]["namespace"], job["metadata"]["name"]) is None:
                raise

    async def suspend_job(self, namespace: str, name: str, *, is_suspended: bool) -> None:
        """Suspend or resume a Job."""
        body = {"spec": {"suspend": is_suspended}}
        await self._submit("PATCH", _job_path(namespace, name), body)

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and wait for none of its Pods; they go before it does."""
        query = {"propagationPolicy": "Foreground"}
        await self._request("DELETE", _job_path(namespace, name), query=query, is_optional=True)

    async def apply_secret(self, secret: Resource) -> None:
        """Create or overwrite a Secret, without reading it."""
        namespace, name = secret["metadata"]["namespace"], secret["metadata"]["name"]
        try:
            await self._submit("POST", _secret_path(namespace), secret)
        except Conflict:
            # Server-side apply would do without a second request, and costs the API server more
            # than twice of what a creation does, which nearly all are.
            await self._submit("PATCH", _secret_path(namespace, name), secret)

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret if it is there."""
        await self._request("DELETE", _secret_path(namespace, name), is_optional=True)

    async def create_event(self, event: Resource) -> None:
        """Create an Event; raises Conflict where there is one of that name, or no namespace."""
        path = _event_path(event["metadata"]["namespace"])
        await self._submit("POST", path, event)

    async def update_event(self, metadata: Resource, change: Resource) -> None:
        """Change the Event of that name and namespace."""
        await self._submit("PATCH", _event_path(metadata["namespace"], metadata["name"]), change)

    async def get_lease(self, namespace: str, name: str) -> Resource | None:
        """Return a Lease, or None where there is none."""
        return await self._get(_lease_path(namespace, name))

    async def write_lease(self, lease: Resource) -> Resource:
        """Create or replace a Lease by whether it names a version; raises Conflict."""
        metadata = lease["metadata"]
        is_new = "resourceVersion" not in metadata
        path = _lease_path(metadata["namespace"], "" if is_new else metadata["name"])
        method = "POST" if is_new else "PUT"
        return await self._request(method, path, body=lease, is_guarded=False)

    async def _submit(self, method: str, path: str, body: Resource) -> Resource:
        """Create, replace or merge an object; returns its metadata alone."""
        return await self._request(
            method,
            path,
            query={"fieldManager": _FIELD_MANAGER},
            body=body,
            content_type=_MERGE if method == "PATCH" else _JSON,
            accept=_RECEIPT,
        )

    async def _get(self, path: str) -> Resource | None:
        return await self._request("GET", path, is_optional=True) or None

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Resource | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
        is_optional: bool = False,
        is_guarded: bool = True,
    ) -> Resource:
        """Send one request; an optional object that is not there is an empty answer."""
        what = f"{method} {path}"
        headers = {"Accept": accept, "Content-Type": content_type}
        for pause in (*self._pauses_seconds, None):
            if is_guarded and method != "GET":
                self.guard()
            answer = await self._send(method, path, query or {}, headers, body)
            if answer.status not in _BUSY or pause is None:
                break
            if answer.retry_after > _LONGEST_PAUSE_SECONDS:
                break
            await asyncio.sleep(max(pause, answer.retry_after))
        if answer.status == 404 and is_optional:
            return {}
        parsed = _parse_object(answer.content)
        if not 200 <= answer.status <= 299:
            raise _error_for(answer.status, what, (parsed or {}).get("message"))
        if parsed is None:
            # It was not the API server that answered, but something on the way to it.
            raise ClusterUnavailable(f"{what}: {answer.status} without a JSON object")
        return parsed

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Resource | None,
    ) -> "_Answer":
        try:
            # The body goes past it: it would copy each, in search of models of the client's own.
            verb, url, sent_headers, *_ = await self._client.param_serialize(
                method,
                path,
                query_params=list(query.items()),
                header_params=dict(headers),
                auth_settings=["BearerToken"],
            )
            code, sent = "error", time.monotonic()
            try:
                response = await self._client.call_api(
                    verb, url, sent_headers, body, _request_timeout=_TIMEOUT_SECONDS
                )
                self._server_clock.note(response.headers.get("Date"))
                content = await response.read()
                code = str(response.status)
            finally:
                self.note_request(method, code, time.monotonic() - sent)
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            # A token is read anew before a request, and may be missing for a moment.
            config.ConfigException,
            OpenApiException,
        ) as error:
            raise ClusterUnavailable(f"{method} {path}: {type(error).__name__}") from error
        return _Answer(response.status, content, _seconds(response.headers.get("Retry-After")))


@dataclass(frozen=True)
class _Answer:
    status: int
    content: bytes
    retry_after: float


def _seconds(text: str | None) -> float:
    """Read the header Retry-After, which the API server always gives in whole seconds."""
    return float(text) if text and text.isdecimal() else 0.0


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


def _parse_object(content: bytes) -> Resource | None:
    try:
        parsed = json.loads(content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _error_for(status: int, what: str, message: str | None) -> OperatorError:
    text = f"{what}: {status} {message or ''}".strip()
    if status in (404, 409):
        return Conflict(text)
    if status in (401, 429) or status >= 500:
        return ClusterUnavailable(text)
    return Refused(text)
