"""The way to the API server: credentials, connections, and its errors in our words."""

import json
from collections.abc import Awaitable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException

from waas_api.errors import (
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    JobChanged,
    JobNotFound,
    NameTaken,
)
from waas_contract.transcription_job import GROUP, PLURAL


class KubernetesConnection:
    """Connections to one API server, between `open` and `close`."""

    def __init__(self, *, kubeconfig: Path | None, timeout_seconds: float) -> None:
        self._kubeconfig = kubeconfig
        self.timeout_seconds = timeout_seconds
        self.api_client: Any = None
        """The library's; None before `open`."""

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
        self.api_client = client.ApiClient(configuration)

    async def close(self) -> None:
        """Close the connections."""
        if self.api_client is not None:
            await self.api_client.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ask(self, answer: Awaitable[Any]) -> Any:
        """Wait for the library's answer, and raise our errors in place of its own."""
        try:
            return await answer
        except (ApiException, aiohttp.ClientError, OSError) as error:
            raise translate_failure(error) from error


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
    # Conflict about one of ours: its version or its uid is not the one that was meant.
    if status == HTTPStatus.CONFLICT and answer.get("details", {}).get("group") == GROUP:
        return JobChanged("the job is not as it was read any more")
    # Any other Conflict is quota's book-keeping, to be tried again.
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
