"""The whole service over HTTP, wherever it keeps its records: in Kubernetes or on one machine."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.pod_runner import PodRunner
from support.service import Tenant, running_api, running_operator
from support.standalone import FINAL_PHASES, NAMESPACE, running_standalone
from support.waiting import wait_until

MODEL = "tiny.en"


@dataclass(frozen=True)
class BackEnd:
    """A running service, and how a client reaches it."""

    rest: httpx.Client
    namespace: str

    def upload(self, audio: Path | bytes, file_name: str = "clip.flac", **query: str) -> str:
        """Send a recording as the raw body; returns the id of its job."""
        content = audio if isinstance(audio, bytes) else audio.read_bytes()
        answer = self.rest.post(
            "/v2/jobs",
            params={"model": MODEL, "file_name": file_name, **query},
            content=content,
            headers={"Content-Type": "application/octet-stream"},
        )
        assert answer.status_code == 201, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.rest.get(f"/v2/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def wait_for_end(self, job_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["phase"] in FINAL_PHASES else None

        return wait_until(look, f"{job_id} has ended", timeout_seconds=180)


@contextlib.contextmanager
def in_kubernetes(tenant: Tenant, folder: Path, weights: Path) -> Iterator[BackEnd]:
    """Run api, operator and pods for a namespace of a real API server, with a real MinIO."""
    folder.mkdir()
    with (
        running_operator(tenant, folder) as operator,
        running_api(tenant, folder) as rest,
        PodRunner(tenant.api, tenant.namespace, folder / "pods", weights),
    ):
        operator.start()
        operator.wait_until_ready()
        yield BackEnd(rest, tenant.namespace)


@contextlib.contextmanager
def in_new_namespace(
    request: pytest.FixtureRequest, folder: Path, weights: Path
) -> Iterator[BackEnd]:
    """Run it on Kubernetes, in a namespace that goes again, on the servers of the fixtures."""
    api = request.getfixturevalue("kubernetes_api")
    request.getfixturevalue("object_store")
    name = f"contract-{secrets.token_hex(4)}"
    api.create_namespace({"name": name})
    tenant = Tenant(
        name,
        request.getfixturevalue("control_plane"),
        request.getfixturevalue("minio_server"),
        api,
    )
    try:
        with in_kubernetes(tenant, folder, weights) as back_end:
            yield back_end
    finally:
        api.delete(f"/api/v1/namespaces/{name}")


@contextlib.contextmanager
def on_one_machine(folder: Path, weights: Path) -> Iterator[BackEnd]:
    """Run the standalone server."""
    folder.mkdir()
    with (
        running_standalone(folder, weights) as server,
        httpx.Client(base_url=server.url, timeout=180, trust_env=False) as rest,
    ):
        yield BackEnd(rest, NAMESPACE)
