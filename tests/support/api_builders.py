"""Builders for tests of the api: settings, jobs, transcripts and clients."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from support.fake_object_storage import FakeObjectStorage
from support.fake_transcription_jobs import FakeTranscriptionJobs
from support.manifest_parts import NO_TIME
from waas_api.access.callers import Authenticator
from waas_api.app import create_app
from waas_api.settings import Settings
from waas_contract.formats import OutputFormat
from waas_contract.job_status import (
    Condition,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.manifest import AudioFacts, EngineFacts, Manifest, Outcome, ResultFile
from waas_contract.object_keys import audio_key, manifest_key, result_key
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_job import Source, TranscriptionJobSpec

NAMESPACE = "team-a"
JOB_ID = "11111111-2222-4333-8444-555555555555"
NOW = datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC)

TRANSCRIPT = Transcript(
    language="no",
    duration=3725.5,
    text=" Hei. A --> B",
    segments=(
        Segment(id=0, start=0.0, end=3.92, text=" Hei.", tokens=(50364, 17)),
        Segment(id=1, start=3.92, end=3725.5, text=" A --> B", tokens=(50560,)),
    ),
)
"""The segments that the old service's answers are documented with."""


def make_settings(**changes: object) -> Settings:
    given: dict[str, object] = {
        "namespace": NAMESPACE,
        "s3_endpoint": "http://127.0.0.1:9",
        "s3_access_key": "waas",
        "s3_secret_key": SecretStr("not so secret"),
    }
    return Settings.model_validate(given | changes)


def make_spec(file_name: str | None = "Blåbær (1)", **changes: object) -> TranscriptionJobSpec:
    given: dict[str, object] = {
        "source": Source(key=audio_key(NAMESPACE, JOB_ID, file_name or ""), file_name=file_name)
    }
    return TranscriptionJobSpec.model_validate(given | changes)


def make_status(phase: Phase, **changes: object) -> TranscriptionJobStatus:
    return TranscriptionJobStatus.model_validate({"phase": phase} | changes)


def make_succeeded_condition(status: str, reason: str, message: str) -> Condition:
    return Condition.model_validate(
        {
            "type": ConditionType.SUCCEEDED,
            "status": status,
            "reason": reason,
            "message": message,
            "last_transition_time": NOW,
        }
    )


def make_manifest(spec: TranscriptionJobSpec, transcript: bytes) -> Manifest:
    return Manifest(
        namespace=NAMESPACE,
        name=JOB_ID,
        spec_digest=spec.digest(),
        outcome=Outcome.COMPLETE,
        attempt=1,
        files=(
            ResultFile(
                format=OutputFormat.JSON,
                key=result_key(NAMESPACE, JOB_ID, 1, OutputFormat.JSON),
                bytes=len(transcript),
                sha256="",
            ),
        ),
        audio=AudioFacts(duration_seconds=3725.5, language="no"),
        engine=EngineFacts(name="waas", version="0", model="tiny", device="cpu"),
        timing=NO_TIME,
        start_time=NOW,
        completion_time=NOW,
    )


def write_webhooks(path: Path, *ids: str) -> Path:
    entries = [{"id": each, "url": "https://hooks.example", "token": "t"} for each in ids]
    path.write_text(json.dumps(entries))
    return path


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def wait_for(is_so: Callable[[], bool], claim: str) -> None:
    """Let the event loop run until something is so."""
    for _ in range(12_000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"never came true: {claim}")


@dataclass
class Api:
    """An app on fakes, and what it talks to."""

    storage: FakeObjectStorage = field(default_factory=FakeObjectStorage)
    jobs: FakeTranscriptionJobs = field(default_factory=lambda: FakeTranscriptionJobs(NAMESPACE))
    settings: Settings = field(default_factory=make_settings)
    ids: list[str] = field(default_factory=lambda: [JOB_ID])
    authenticator: Authenticator | None = None

    def __post_init__(self) -> None:
        self.app: FastAPI = create_app(
            self.settings,
            object_storage=self.storage,
            transcription_jobs=lambda _: self.jobs,
            authenticator=self.authenticator,
            new_id=self._new_id,
            now=lambda: NOW,
            create_backoff_seconds=(0.0, 0.0),
        )

    def _new_id(self) -> str:
        return self.ids.pop(0) if len(self.ids) > 1 else self.ids[0]

    def client(self) -> httpx.AsyncClient:
        # Requests never leave the process.
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api")

    async def get(self, path: str) -> httpx.Response:
        async with self.client() as client:
            return await client.get(path)

    async def transcribe(
        self,
        query: str = "email_callback=a@b.no",
        content: bytes | AsyncIterator[bytes] = b"sound",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        async with self.client() as client:
            return await client.post(
                f"/v1/transcribe?{query}", content=content, headers=headers or {}
            )

    async def request(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        async with self.client() as client:
            return await client.request(method, path, content=content, headers=headers or {})

    def finish(
        self, transcript: Transcript = TRANSCRIPT, file_name: str | None = "Blåbær (1)"
    ) -> None:
        """Have a job that succeeded, with its results."""
        spec = make_spec(file_name)
        self.jobs.put(JOB_ID, spec, make_status(Phase.SUCCEEDED))
        content = transcript.model_dump_json(exclude_none=True).encode()
        manifest = make_manifest(spec, content)
        self.storage.objects[manifest_key(NAMESPACE, JOB_ID)] = json.dumps(
            manifest.to_wire()
        ).encode()
        self.storage.objects[manifest.files[0].key] = content
