"""Makes TranscriptionJobs at a steady rate and does what their Jobs ask for.

It does what a person and the job program would do: it creates the resource and writes the manifest.
Where the cluster has no pods, it also closes the Job with the conditions that the Job controller
writes. What is measured is told by watches of its own, on the clock of this process.
"""

import asyncio
import json
import ssl
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self

import aiohttp
from minio import Minio

from support.completed_jobs import build_manifest, completed_status
from support.kubernetes_api import (
    Resource,
    jobs_path,
    pods_path,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.service import BUCKET
from waas_contract.names import TRANSCRIPTION_JOB_LABEL
from waas_contract.object_keys import manifest_key
from waas_contract.transcription_job import TranscriptionJobSpec

_REQUESTS_AT_ONCE = 32
_WATCH_SECONDS = 3600
_ENDS = ("Succeeded", "Failed", "Cancelled")


@dataclass
class Life:
    """The moments of one TranscriptionJob, in seconds of a monotonic clock."""

    created: float
    has_job: float | None = None
    runs: float | None = None
    """Where there are pods."""

    ended: float | None = None
    phase: str = ""


class KubernetesConnection:
    """An administrator's connection that costs the machine as little as possible."""

    def __init__(
        self, session: aiohttp.ClientSession, server: str, headers: dict[str, str]
    ) -> None:
        self._session = session
        self._server = server
        self._headers = headers

    @classmethod
    def open(cls, kubeconfig: Path) -> Self:
        content = json.loads(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        authority = b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        headers = {}
        if token := user.get("token"):
            headers["Authorization"] = f"Bearer {token}"
        else:
            with NamedTemporaryFile() as pair:
                for part in ("client-certificate-data", "client-key-data"):
                    pair.write(b64decode(user[part]))
                pair.flush()
                context.load_cert_chain(pair.name)
        connector = aiohttp.TCPConnector(ssl=context, limit=2 * _REQUESTS_AT_ONCE)
        return cls(aiohttp.ClientSession(connector=connector), cluster["server"], headers)

    async def close(self) -> None:
        await self._session.close()

    async def send(self, method: str, path: str, body: Resource | None = None) -> Resource:
        async with self._session.request(
            method, self._server + path, json=body, headers=self._headers
        ) as answer:
            content: Resource = await answer.json()
            if answer.status >= 300:
                raise AssertionError(f"{method} {path}: {answer.status} {content.get('message')}")
            return content

    async def read_text(self, path: str) -> str:
        async with self._session.get(self._server + path, headers=self._headers) as answer:
            return await answer.text()

    async def watch(self, path: str, since: str) -> AsyncIterator[tuple[str, Resource]]:
        timeout = aiohttp.ClientTimeout(total=None)
        while True:
            query = {"watch": "1", "resourceVersion": since, "timeoutSeconds": str(_WATCH_SECONDS)}
            async with self._session.get(
                self._server + path,
                params=query,
                headers=self._headers,
                timeout=timeout,
                read_bufsize=1 << 22,
            ) as answer:
                async for line in answer.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise AssertionError(f"a watch of {path} failed: {event['object']}")
                    since = event["object"]["metadata"]["resourceVersion"]
                    yield event["type"], event["object"]
            # The API server ends the watch of one that reads too slowly, and it goes on from there.

    async def put_object(self, url: str, content: bytes) -> None:
        async with self._session.put(url, data=content) as answer:
            answer.raise_for_status()


@dataclass
class JobLoad:
    """The jobs of one run in one namespace."""

    kubernetes: KubernetesConnection
    store: Minio
    namespace: str
    with_pods: bool = False
    """Whether the Job controller makes pods, and closes the Jobs."""

    lives: dict[str, Life] = field(default_factory=dict)
    _waiting: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        source = {"key": f"{self.namespace}/by-hand/clip.flac", "fileName": "clip.flac"}
        self._spec: Resource = {"source": source, "model": "tiny.en"}
        self._spec_digest = TranscriptionJobSpec.model_validate(self._spec).digest()

    async def run(
        self, count: int, *, rate: float, prefix: str = "load", patience_seconds: float = 600
    ) -> float:
        """Send `count` jobs at `rate` a second through their life; returns the seconds it took."""
        names = [f"{prefix}-{number:06}" for number in range(count)]
        watches = [
            asyncio.create_task(self._see_jobs(await self._version(jobs_path))),
            asyncio.create_task(self._see_pods(await self._version(pods_path))),
            asyncio.create_task(self._see_ends(await self._version(transcription_jobs_path))),
        ]
        started = time.monotonic()
        try:
            async with asyncio.timeout(count / rate + patience_seconds):
                await self._create(names, rate)
                while not all(self.lives[name].ended for name in names):
                    await asyncio.sleep(0.05)
                    self._raise_failures(watches)
        except TimeoutError:
            with_job = sum(life.has_job is not None for life in self.lives.values())
            ended = sum(life.ended is not None for life in self.lives.values())
            made = len(self.lives)
            raise AssertionError(f"of {made} made, {with_job} have a Job, {ended} ended") from None
        finally:
            for watch in watches:
                watch.cancel()
        return max(self.lives[name].ended or 0 for name in names) - started

    async def _version(self, path: Callable[[str], str]) -> str:
        listed = await self.kubernetes.send("GET", f"{path(self.namespace)}?limit=1")
        version: str = listed["metadata"]["resourceVersion"]
        return version

    async def _create(self, names: list[str], rate: float) -> None:
        started = time.monotonic()
        room = asyncio.Semaphore(_REQUESTS_AT_ONCE)
        path = transcription_jobs_path(self.namespace)

        async def create(name: str) -> None:
            async with room:
                self.lives[name] = Life(time.monotonic())
                body = transcription_job_resource(name, **self._spec)
                await self.kubernetes.send("POST", path, body)

        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(names):
                await asyncio.sleep(started + number / rate - time.monotonic())
                group.create_task(create(name))

    async def _see_jobs(self, since: str) -> None:
        async for kind, job in self.kubernetes.watch(jobs_path(self.namespace), since):
            name = job["metadata"].get("labels", {}).get(TRANSCRIPTION_JOB_LABEL)
            if kind == "ADDED" and name in self.lives and not self.lives[name].has_job:
                self.lives[name].has_job = time.monotonic()
                if not self.with_pods:
                    self._waiting.add(asyncio.create_task(self._complete(name, job)))

    async def _see_pods(self, since: str) -> None:
        async for _, pod in self.kubernetes.watch(pods_path(self.namespace), since):
            name = pod["metadata"].get("labels", {}).get(TRANSCRIPTION_JOB_LABEL)
            is_running = pod["status"]["phase"] == "Running"
            if is_running and name in self.lives and not self.lives[name].runs:
                self.lives[name].runs = time.monotonic()
                self._waiting.add(asyncio.create_task(self._write_manifest(name)))

    async def _complete(self, name: str, job: Resource) -> None:
        await self._write_manifest(name)
        job["status"] = completed_status()
        path = f"{jobs_path(self.namespace, job['metadata']['name'])}/status"
        await self.kubernetes.send("PUT", path, job)

    async def _write_manifest(self, name: str) -> None:
        key = manifest_key(self.namespace, name)
        content = build_manifest(self.namespace, name, self._spec_digest)
        url = self.store.get_presigned_url("PUT", BUCKET, key)
        await self.kubernetes.put_object(url, content)

    async def _see_ends(self, since: str) -> None:
        path = transcription_jobs_path(self.namespace)
        async for _, resource in self.kubernetes.watch(path, since):
            life = self.lives.get(resource["metadata"]["name"])
            phase = resource.get("status", {}).get("phase")
            if life and phase in _ENDS and not life.ended:
                life.ended, life.phase = time.monotonic(), phase

    def _raise_failures(self, watches: list[asyncio.Task[None]]) -> None:
        for task in [*watches, *self._waiting]:
            if task.done():
                self._waiting.discard(task)
                task.result()
                if task in watches:
                    raise AssertionError("a watch of the harness has ended")
