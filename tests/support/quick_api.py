"""The api on fakes whose jobs go through: each look at one brings it a step on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from support.api_builders import (
    NAMESPACE,
    NOW,
    TRANSCRIPT,
    Api,
    make_manifest,
    make_status,
    make_succeeded_condition,
)
from support.fake_transcription_jobs import CREATION_TIME, FakeTranscriptionJobs
from waas_client import AsyncClient
from waas_contract.formats import OutputFormat
from waas_contract.job_status import (
    AudioStatus,
    Phase,
    Progress,
    TranscriptionJobStatus,
)
from waas_contract.object_keys import manifest_key, result_key
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import TranscriptionJob

SERVER = "http://waas.example:3000"
BAD_SOUND = b"noise"
"""A recording of which nothing comes."""

_RUNNING = make_status(
    Phase.RUNNING,
    start_time=NOW,
    attempts=1,
    progress=Progress(percent=50, processed_seconds=5),
    audio=AudioStatus(duration_seconds=10, language="no"),
)
_FAILED = make_status(
    Phase.FAILED,
    conditions=(make_succeeded_condition("False", "BadAudio", "No sound in it."),),
)


def make_ids() -> list[str]:
    return [f"job-{number:03d}" for number in range(300)]


class MovingJobs(FakeTranscriptionJobs):
    """Brings a job on at each look; `on_success` stores what the job would have stored."""

    def __init__(self, on_end: Callable[[TranscriptionJob], TranscriptionJobStatus]) -> None:
        super().__init__(NAMESPACE)
        self._on_end = on_end
        self.stays_running = False

    async def get(self, name: str) -> TranscriptionJob:
        job = await super().get(name)
        if job.phase.is_final:
            return job
        if job.spec.cancelled:
            status = make_status(Phase.CANCELLED)
        elif job.phase is not Phase.RUNNING or self.stays_running:
            status = _RUNNING
        else:
            status = self._on_end(job)
        metadata = job.metadata
        created = metadata.creation_timestamp or CREATION_TIME
        self.put(name, job.spec, status, created, metadata.labels, metadata.annotations)
        return job


@dataclass
class QuickApi(Api):
    """An app on fakes in which transcriptions take two looks."""

    jobs: FakeTranscriptionJobs = field(init=False)
    ids: list[str] = field(default_factory=make_ids)
    transcript: Transcript = TRANSCRIPT
    """What is heard in every recording."""

    def __post_init__(self) -> None:
        self.jobs = self.moving_jobs = self.make_jobs()
        super().__post_init__()
        # Jobs go on when somebody looks, so that whoever listened would hear nothing.
        self.app.state.services.live_streams.close()

    def make_jobs(self) -> MovingJobs:
        return MovingJobs(self.end)

    def end(self, job: TranscriptionJob) -> TranscriptionJobStatus:
        spec, name = job.spec, job.metadata.name
        if self.storage.objects.get(spec.source.key) == BAD_SOUND:
            return _FAILED
        content = self.transcript.model_dump_json(exclude_none=True).encode()
        manifest = make_manifest(spec, content)
        key = result_key(NAMESPACE, name, 1, OutputFormat.JSON)
        file = manifest.files[0].model_copy(update={"key": key})
        own = manifest.model_copy(update={"name": name, "files": (file,)})
        self.storage.objects[manifest_key(NAMESPACE, name)] = json.dumps(own.to_wire()).encode()
        self.storage.objects[key] = content
        return make_status(Phase.SUCCEEDED, audio=_RUNNING.audio)

    def connect(self, server: str, api_key: str | None = None) -> AsyncClient:
        """Return a client that reaches the app wherever it believes the server to be."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return AsyncClient(server, api_key=api_key, transport=transport, sleep=_do_not_sleep)


async def _do_not_sleep(_: float) -> None:
    pass


def answering(answers: Mapping[str, httpx.Response]) -> httpx.MockTransport:
    """Return a transport that answers by path, and identifies itself as the service."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in answers:
            return answers[request.url.path]
        return httpx.Response(200, json={"service": "waas", "version": "0"})

    return httpx.MockTransport(answer)
