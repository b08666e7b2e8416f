"""Makes and reads TranscriptionJobs; the only module of the api that speaks to Kubernetes."""

import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException
from pydantic import ValidationError

from waas_api.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    JobNotFound,
    NameTaken,
)
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

PAGE_SIZE = 500

# By what it is not: a resource that the operator has not seen yet has no phase at all.
_WAITING_SELECTOR = ",".join(f"status.phase!={phase}" for phase in Phase if not phase.is_waiting)

# Names and times are all that is wanted of a long list; a whole resource is ten times as long.
_METADATA_ONLY = {
    "Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
}


@dataclass(frozen=True)
class WaitingJob:
    """A TranscriptionJob that has not started."""

    name: str
    creation_time: datetime


class TranscriptionJobs(Protocol):
    """The TranscriptionJobs of one namespace."""

    async def create(self, name: str, spec: TranscriptionJobSpec) -> None:
        """Make a TranscriptionJob, or raise NameTaken, ClusterRefused or ClusterUnavailable."""
        ...

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob, or raise JobNotFound."""
        ...

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn, in no order."""
        ...

    async def is_ready(self) -> bool:
        """Tell whether TranscriptionJobs can be read."""
        ...


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
        try:
            await self._api.create_namespaced_custom_object(**self._where, body=manifest)
        except (ApiException, aiohttp.ClientError, OSError) as error:
            raise translate_failure(error) from error

    async def get(self, name: str) -> TranscriptionJob:
        """Return a TranscriptionJob."""
        try:
            resource = await self._api.get_namespaced_custom_object(**self._where, name=name)
        except ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise JobNotFound("No such job") from error
            raise translate_failure(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise translate_failure(error) from error
        try:
            return TranscriptionJob.model_validate(resource)
        except ValidationError as error:
            # Without the values, which may be somebody's words.
            fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
            raise ClusterUnavailable(
                f"the TranscriptionJob {name} is not in a form that this release can read: {fields}"
            ) from None

    async def list_waiting(self) -> tuple[WaitingJob, ...]:
        """Return the jobs that wait for their turn, page by page."""
        waiting: list[WaitingJob] = []
        position: dict[str, str] = {}
        while True:
            page = await self._list(
                field_selector=_WAITING_SELECTOR,
                limit=PAGE_SIZE,
                _headers=_METADATA_ONLY,
                **position,
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
            await self._list(limit=1)
        except ClusterError:
            return False
        return True

    async def _list(self, **options: object) -> Any:
        try:
            return await self._api.list_namespaced_custom_object(**self._where, **options)
        except (ApiException, aiohttp.ClientError, OSError) as error:
            raise translate_failure(error) from error


def translate_failure(error: Exception) -> ClusterError:
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
    # Conflict without a taken name is quota's book-keeping, to be tried again.
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.CONFLICT):
        return ClusterUnavailable(f"the API server is busy: {status}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ClusterUnavailable(f"the API server failed: {status}", may_have_happened=True)
    return ClusterRefused(
        _explain_refusal(status, answer),
        is_request_invalid=status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY),
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
