"""Lists and watches the TranscriptionJobs of a namespace on an API server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from kubernetes.aio import client
from kubernetes.aio.client.exceptions import ApiException

from waas_api.errors import ClusterRefused, ClusterUnavailable, HistoryGone
from waas_api.jobs.index import Resource
from waas_api.jobs.watch import ChangeType, ResourcePage
from waas_api.kubernetes.connection import KubernetesConnection

_PAGE_SIZE = 500
_WATCH_SECONDS = 60
"""How long a stream lasts: a connection that died unnoticed is noticed after that."""


class KubernetesJobFeed:
    """A JobFeed on the official client, as plain JSON."""

    def __init__(
        self,
        connection: KubernetesConnection,
        where: Mapping[str, Any],
        *,
        page_size: int = _PAGE_SIZE,
        watch_seconds: int = _WATCH_SECONDS,
    ) -> None:
        self._connection = connection
        self._where = dict(where)
        self._page_size = page_size
        self._watch_seconds = watch_seconds

    @property
    def _api(self) -> Any:
        return client.CustomObjectsApi(self._connection.api_client)

    async def list_page(self, cursor: str | None) -> ResourcePage:
        """Return a page of the resources as they are in etcd."""
        position = {} if cursor is None else {"_continue": cursor}
        try:
            page = await self._connection.ask(
                self._api.list_namespaced_custom_object(
                    **self._where, limit=self._page_size, **position
                )
            )
        except ClusterRefused as error:
            if cursor is not None and error.is_request_invalid:
                raise HistoryGone("the list took too long") from error
            raise
        metadata = page["metadata"]
        return ResourcePage(
            page["items"] or [], metadata["resourceVersion"], metadata.get("continue") or None
        )

    @asynccontextmanager
    async def watch(
        self, version: str
    ) -> AsyncIterator[AsyncIterator[tuple[ChangeType, Resource]]]:
        """Open the stream of changes after a version."""
        # The library's time limit is for a whole answer.
        longest = float(self._watch_seconds + self._connection.timeout_seconds)
        response = await self._connection.ask(
            self._api.list_namespaced_custom_object_without_preload_content(
                **{**self._where, "_request_timeout": longest},
                watch=True,
                allow_watch_bookmarks=True,
                resource_version=version,
                timeout_seconds=self._watch_seconds,
            )
        )
        try:
            if response.status != HTTPStatus.OK:
                body = (await self._connection.ask(response.read())).decode(errors="replace")
                if response.status == HTTPStatus.GONE:
                    raise HistoryGone(f"the version {version} is too old")
                refusal = ApiException(status=response.status, reason=response.reason)
                refusal.body = body
                await self._connection.ask(_raising(refusal))
            yield self._read(response)
        finally:
            response.close()

    async def _read(self, response: Any) -> AsyncIterator[tuple[ChangeType, Resource]]:
        rest = b""
        while chunk := await self._connection.ask(response.content.readany()):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield _parse(line)


async def _raising(error: Exception) -> None:
    raise error


def _parse(line: bytes) -> tuple[ChangeType, Resource]:
    """Return one event of a watch, or raise what an ERROR among them means."""
    event = json.loads(line)
    found = event["object"]
    if event["type"] == "ERROR":
        # Too old, or of a history that a restored etcd does not have: the list has the truth.
        raise HistoryGone(f"the watch ended with {found.get('code')}: {found.get('reason')}")
    if "metadata" not in found:
        raise ClusterUnavailable("the API server sent no resource")
    return ChangeType(event["type"]), found
