"""Sends the operator's requests to the API server as plain JSON, once more where it was too busy.

They go through the official client's transport, but without its typed models: a manifest from a
builder is sent as it is, and what comes back is read by `observation`.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import OpenApiException

from waas_operator.clock_trust import ServerClock
from waas_operator.errors import ClusterUnavailable, Conflict, OperatorError, Refused
from waas_operator.seams import Resource

FIELD_MANAGER = "waas-operator"

_TIMEOUT_SECONDS = 30.0
_PAUSES_SECONDS = (0.2, 0.5, 1.0)
"""Before a request that the API server was too busy for is sent once more: each is safe to repeat,
and a reconcile of several would otherwise begin anew for every one of them."""

_LONGEST_PAUSE_SECONDS = 2.0
_BUSY = (429, 500, 502, 503, 504)
_JSON = "application/json"
_MERGE = "application/merge-patch+json"

# Of what was written itself the version is all that is wanted: the rest was sent a moment ago.
_RECEIPT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class ApiServer:
    """A Kubernetes API server, asked by path."""

    def __init__(
        self, api_client: client.ApiClient, *, pauses_seconds: Sequence[float] = _PAUSES_SECONDS
    ) -> None:
        """Take a client whose configuration is loaded."""
        self._client = api_client
        self._pauses_seconds = pauses_seconds
        self.guard: Callable[[], None] = lambda: None
        """Raises where this process may no longer write."""

        self.note_request: Callable[[str, str, float], None] = lambda *_: None
        """Is told of each request's verb, status and seconds."""

        self._clock = ServerClock()

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

    def explain_distrust(self, now: datetime) -> str | None:
        """Return why nothing must be deleted by a clock that says `now`; None where it may."""
        return self._clock.explain_distrust(now)

    async def get(self, path: str) -> Resource | None:
        """Return an object, or None where there is none."""
        return await self.request("GET", path, is_optional=True) or None

    async def submit(self, method: str, path: str, body: Resource) -> Resource:
        """Create, replace or merge an object; returns its metadata alone."""
        return await self.request(
            method,
            path,
            query={"fieldManager": FIELD_MANAGER},
            body=body,
            content_type=_MERGE if method == "PATCH" else _JSON,
            accept=_RECEIPT,
        )

    async def request(
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
        url = f"{self._client.configuration.host}{path}"
        if query:
            url = f"{url}?{urlencode(query)}"
        try:
            # Not by its `param_serialize`, which looks for models of its own in all that is sent.
            sent_headers = {**headers, **self._client.default_headers}
            await self._client.update_params_for_auth(
                sent_headers, [], ["BearerToken"], path, method, body
            )
            code, sent = "error", time.monotonic()
            try:
                response = await self._client.call_api(
                    method, url, sent_headers, body, _request_timeout=_TIMEOUT_SECONDS
                )
                self._clock.note(response.headers.get("Date"))
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
