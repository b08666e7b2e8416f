"""The api on fakes with a clock that a test turns, and what a client of tus 1.0 sends it."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx

from support.api_builders import JOB_ID, NAMESPACE, Api
from waas_api.app import create_app
from waas_api.tenants import Tenant

TUS = {"tus-resumable": "1.0.0"}
PIECE = {**TUS, "content-type": "application/offset+octet-stream"}
UPLOAD = f"/v2/uploads/{JOB_ID}"
KEY = f"{NAMESPACE}/{JOB_ID}/audio/a.mp3"
START = datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC)


def metadata(**fields: str) -> str:
    """Return the header Upload-Metadata of tus."""
    encoded = (
        f"{name} {base64.b64encode(each.encode()).decode()}" for name, each in fields.items()
    )
    return ",".join(encoded)


class Clock:
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time


class UploadApi(Api):
    """An app whose clock a test turns, and its uploads."""

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.app = create_app(
            self.settings,
            object_storage=self.storage,
            transcription_jobs=lambda _: self.jobs,
            authenticator=self.authenticator,
            new_id=self._new_id,
            now=self.clock,
            create_backoff_seconds=(0.0, 0.0),
        )

    @property
    def tenant(self) -> Tenant:
        tenant: Tenant = self.app.state.services.tenants.get(NAMESPACE)
        return tenant

    async def begin(self, length: object = 5, user: str = "alice", **fields: str) -> httpx.Response:
        headers = {"upload-length": str(length), "x-user": user}
        if fields:
            headers["upload-metadata"] = metadata(**fields)
        return await self.request("POST", "/v2/uploads", headers=TUS | headers)

    async def patch(
        self,
        offset: int,
        content: bytes | AsyncIterator[bytes],
        user: str = "alice",
        **changes: str,
    ) -> httpx.Response:
        headers = PIECE | {"upload-offset": str(offset), "x-user": user} | changes
        return await self.request("PATCH", UPLOAD, content, headers)

    async def head(self, user: str = "alice") -> httpx.Response:
        return await self.request("HEAD", UPLOAD, headers=TUS | {"x-user": user})
