"""Real servers, each with the same jobs in it, for what the old service's clients rely on.

On both, the jobs and their results are put where the service keeps them; what answers is the
service's own program behind a socket.
"""

import asyncio
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minio import Minio

from support.api_builders import TRANSCRIPT, make_manifest, make_spec, make_status
from support.kept_jobs import in_sqlite
from support.kubernetes_api import transcription_job_resource, transcription_jobs_path
from support.service import BUCKET, Tenant, running_api
from support.standalone import NAMESPACE as STANDALONE_NAMESPACE
from support.standalone import running_standalone
from waas_contract.formats import OutputFormat
from waas_contract.job_status import AudioStatus, Phase
from waas_contract.object_keys import audio_key, manifest_key, result_key
from waas_contract.transcription_job import (
    Notifications,
    Source,
    TranscriptionJobSpec,
)

FINISHED = "11111111-2222-4333-8444-555555555555"
FAILED = "failed"
CANCELLED = "cancelled"
SUSPENDED = "suspended"
EMAIL = "desk@example.org"
FILE_NAME = "Blåbær (1)"


@dataclass(frozen=True)
class PutJob:
    """A job as it stands, and its objects."""

    name: str
    spec: TranscriptionJobSpec
    status: dict[str, Any]
    objects: Mapping[str, bytes] = field(default_factory=dict)


def _make_spec(namespace: str, name: str, **changes: Any) -> TranscriptionJobSpec:
    source = Source(key=audio_key(namespace, name, FILE_NAME), file_name=FILE_NAME)
    return make_spec(source=source, notifications=Notifications(email=EMAIL), **changes)


def _condition(status: str, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": "Succeeded",
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-22T18:00:00Z",
    }


def _make_finished(namespace: str) -> PutJob:
    spec = _make_spec(namespace, FINISHED, language="no")
    content = TRANSCRIPT.model_dump_json(exclude_none=True).encode()
    key = result_key(namespace, FINISHED, 1, OutputFormat.JSON)
    manifest = make_manifest(spec, content)
    file = manifest.files[0].model_copy(update={"key": key})
    own = manifest.model_copy(update={"namespace": namespace, "files": (file,)})
    audio = AudioStatus(duration_seconds=3725.5, language="no")
    status = make_status(Phase.SUCCEEDED, audio=audio).to_wire()
    return PutJob(
        FINISHED,
        spec,
        {**status, "conditions": [_condition("True", "Completed", "")]},
        {
            spec.source.key: b"sound",
            key: content,
            manifest_key(namespace, FINISHED): json.dumps(own.to_wire()).encode(),
        },
    )


def make_jobs(namespace: str) -> tuple[PutJob, ...]:
    """Return one job for each answer that a download can give."""
    ended = {
        FAILED: (Phase.FAILED, _condition("False", "BadAudio", "The file holds no sound.")),
        CANCELLED: (Phase.CANCELLED, _condition("False", "Cancelled", "")),
    }
    return (
        _make_finished(namespace),
        *(
            PutJob(
                name,
                _make_spec(namespace, name, cancelled=phase is Phase.CANCELLED),
                {**make_status(phase).to_wire(), "conditions": [condition]},
            )
            for name, (phase, condition) in ended.items()
        ),
        # It would run where something runs it.
        PutJob(
            SUSPENDED,
            _make_spec(namespace, SUSPENDED, suspend=True),
            make_status(Phase.SUSPENDED).to_wire(),
        ),
    )


@contextmanager
def on_kubernetes(tenant: Tenant, store: Minio, folder: Path, **variables: str) -> Iterator[str]:
    """Run the api on a real API server and a real store; gives its address."""
    path = transcription_jobs_path(tenant.namespace)
    for job in make_jobs(tenant.namespace):
        tenant.api.create(path, transcription_job_resource(job.name, **job.spec.to_wire()))
        resource = tenant.api.get(f"{path}/{job.name}")
        tenant.api.request("PUT", f"{path}/{job.name}/status", {**resource, "status": job.status})
        for key, content in job.objects.items():
            store.put_object(BUCKET, key, io.BytesIO(content), len(content))
    with running_api(tenant, folder, **variables) as client:
        yield str(client.base_url)


@contextmanager
def on_one_machine(folder: Path, weights: Path, **variables: str) -> Iterator[str]:
    """Run the standalone server; gives its address."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    jobs = make_jobs(STANDALONE_NAMESPACE)
    asyncio.run(_put_in_sqlite(data, jobs))
    for job in jobs:
        for key, content in job.objects.items():
            path = data / "objects" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    with running_standalone(folder, weights, **{"WAAS_MODEL": "tiny", **variables}) as server:
        yield server.url


async def _put_in_sqlite(data: Path, jobs: tuple[PutJob, ...]) -> None:
    async with in_sqlite(data, STANDALONE_NAMESPACE) as kept:
        for job in jobs:
            await kept.jobs.create(job.name, job.spec)
            await kept.set_status(job.name, job.status)
