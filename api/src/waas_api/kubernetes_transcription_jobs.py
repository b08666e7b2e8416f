"""Makes, reads and ends TranscriptionJobs; the only module of the api that speaks to Kubernetes."""

import json
import logging
from collections.abc import Awaitable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException

from waas_api.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    InvalidCursor,
    JobNotFound,
    NameTaken,
)
from waas_api.transcription_jobs import JobPage, WaitingJob
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

# Names and times are all that is wanted of a long list; a whole resource is ten times as long.
_METADATA_ONLY = {
    "Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
}


class KubernetesTranscriptionJobs:
    """TranscriptionJobs on an API server; `open` comes first, `close` last."""

    def __init__(self, namespace: str, *, kubeconfig: Path | None, timeout_seconds: float) -> None:
        self._namespace = namespace
        self._kubeconfig = kubeconfig
        self._timeout_seconds = timeout_seconds
        self._api: Any = None
        self._api_client: Any = None
        self._where = {
            "group": GROUP,
            "version": VERSION,
            "namespace": namespace,
            "plural": PLURAL,
            "_request_timeout": timeout_seconds,
        }

    async def open(self) -> None:
        """Find the API server and the credentials for it."""
        configuration = client.Configuration()
        if self._kubeconfig is not None:
            await config.load_kube_config(
                config_file=str(self._kubeconfig), client_configuration=configuration
            )
        else:
            try:
                config.load_incluster_config(client_configuration=configuration)
            except config.ConfigException:
                await config.load_kube_config(client_configuration=configuration)
        self._api_client = client.ApiClient(configuration)
        self._api = client.CustomObjectsApi(self._api_client)

    async def close(self) -> None:
        """Close the connections."""
        if self._api_client is not None:
            await self._api_client.close()

    async def create(self, name: str, spec: TranscriptionJobSpec) -> None:
        """Make a TranscriptionJob."""
        manifest = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": name},
            "spec": spec.to_wire(),
        }
        await self._ask(self._api.create_namespaced_custom_object(**self._where, body=manifest))

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob."""
        return _parse_job(
            await self._ask(self._api.get_namespaced_custom_object(**self._where, name=name))
        )

    async def list(self, *, limit: int, cursor: str | None = None) -> JobPage:
        """Return a page of the jobs, by name: an API server knows no other order."""
        position = {} if cursor is None else {"_continue": cursor}
        try:
            page = await self._ask(
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

    async def cancel(self, name: str) -> TranscriptionJob:
        """Set `spec.cancelled`; nothing takes it back."""
        return _parse_job(
            await self._ask(
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
        await self._ask(self._api.delete_namespaced_custom_object(**self._where, name=name))

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn, page by page."""
        waiting: list[WaitingJob] = []
        position: dict[str, str] = {}
        while True:
            page = await self._ask(
                self._api.list_namespaced_custom_object(
                    **self._where,
                    field_selector=_WAITING_SELECTOR,
                    limit=PAGE_SIZE,
                    _headers=_METADATA_ONLY,
                    **position,
                )
            )
            waiting += (
                WaitingJob(
                    name=item["metadata"]["name"],
                    creation_time=datetime.fromisoformat(item["metadata"]["creationTimestamp"]),
                )
                # The API server writes an empty list of metadata as null.
                for item in page["items"] or ()
            )
            token = page["metadata"].get("continue")
            if not token:
                return tuple(waiting)
            position = {"_continue": token}

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be listed."""
        try:
            await self._ask(self._api.list_namespaced_custom_object(**self._where, limit=1))
        except ClusterError:
            return False
        return True

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        """Wait for the library's answer, and raise our errors in place of its own."""
        try:
            return await answer
        except (ApiException, aiohttp.ClientError, OSError) as error:
            raise translate_failure(error) from error


def _parse_job(resource: Any) -> TranscriptionJob:
    try:
        return read_transcription_job(resource)
    except UnreadableTranscriptionJob as error:
        raise ClusterUnavailable(f"{resource['metadata']['name']} is {error}") from None


def translate_failure(error: Exception) -> ClusterError | JobNotFound:
    """Return our error for the library's, with what the client needs to know of it."""
    if not isinstance(error, ApiException):
        # A connection that was never made carried nothing; any other may have (a time-out is an
        # OSError).
        return ClusterUnavailable(
            f"the API server cannot be reached: {type(error).__name__}",
            may_have_happened=not isinstance(error, aiohttp.ClientConnectorError),
        )
    status = error.status or 0
    answer = _parse_status(error.body)
    if status == HTTPStatus.CONFLICT and answer.get("reason") == "AlreadyExists":
        return NameTaken(answer["message"])
    # A namespace or a kind that is not there is an administrator's affair.
    if status == HTTPStatus.NOT_FOUND and answer.get("details", {}).get("kind") == PLURAL:
        return JobNotFound("No such job")
    # Conflict without a taken name is quota's book-keeping, to be tried again.
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.CONFLICT):
        return ClusterUnavailable(f"the API server is busy: {status}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ClusterUnavailable(f"the API server failed: {status}", may_have_happened=True)
    return ClusterRefused(
        _explain_refusal(status, answer),
        # A cursor that is too old is gone.
        is_request_invalid=status
        in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.GONE),
    )


def _parse_status(body: str | None) -> dict[str, Any]:
    """Return the API server's Status object, empty if it sent something else."""
    try:
        status = json.loads(body or "")
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _explain_refusal(status: int, answer: dict[str, Any]) -> str:
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        causes = answer.get("details", {}).get("causes") or []
        fields = "; ".join(f"{each.get('field')}: {each.get('message')}" for each in causes)
        return f"Request not accepted: {fields or answer.get('message', status)}"
    message = str(answer.get("message", ""))
    if status == HTTPStatus.FORBIDDEN and "exceeded quota" in message:
        return f"Quota used up: {message.partition('exceeded quota: ')[2]}. Try again later."
    return "Kubernetes does not let the service do this. Tell your administrator."
