"""Builds the objects of unit tests with only the fields that matter to a case."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from waas_contract.formats import OutputFormat
from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.manifest import (
    AudioFacts,
    EngineFacts,
    Manifest,
    Outcome,
    ResultFile,
    Timing,
)
from waas_contract.object_keys import result_key
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_job import (
    ObjectMeta,
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from waas_operator.observation import Observation, ObservedJob, ObservedPod
from waas_operator.settings import Settings

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
UID = "0f9e8d7c-0000-4000-8000-000000000000"
CHILD_NAME = "interview-0f9e8d7c"


def make_transcription_job(
    *, status: TranscriptionJobStatus | None = None, **spec: Any
) -> TranscriptionJob:
    source = Source(key="newsroom/interview/audio/clip.flac", file_name="clip.flac")
    return TranscriptionJob(
        metadata=ObjectMeta(
            name="interview",
            namespace="newsroom",
            uid=UID,
            generation=1,
            resource_version="7",
            creation_timestamp=NOW,
        ),
        spec=TranscriptionJobSpec(**{"source": source, **spec}),
        status=status,
    )


def make_settings(**changes: Any) -> Settings:
    return Settings(
        **{
            "job_namespaces": ("newsroom",),
            "job_image": "registry.example/waas-job:1",
            "s3_endpoint": "http://store.example:9000",
            "s3_access_key": "key",
            "s3_secret_key": SecretStr("secret"),
            "removal_grace_seconds": 0,
            **changes,
        }
    )


def make_manifest(transcription_job: TranscriptionJob, **changes: Any) -> Manifest:
    metadata = transcription_job.metadata
    facts: dict[str, Any] = {
        "namespace": metadata.namespace,
        "name": metadata.name,
        "spec_digest": transcription_job.spec.digest(),
        "outcome": Outcome.COMPLETE,
        "attempt": 1,
        "files": tuple(
            ResultFile(
                format=each,
                key=result_key(metadata.namespace, metadata.name, 1, each),
                bytes=100,
                sha256="0" * 64,
            )
            for each in (OutputFormat.JSON, OutputFormat.SRT)
        ),
        "audio": AudioFacts(duration_seconds=9.5, language="en"),
        "engine": EngineFacts(name="openai-whisper", version="1", model="tiny", device="cpu"),
        "timing": Timing(
            fetch_seconds=1,
            decode_seconds=1,
            load_seconds=1,
            transcribe_seconds=1,
            store_seconds=1,
        ),
        "start_time": NOW,
        "completion_time": NOW,
    }
    return Manifest(**{**facts, **changes})


def make_job(**facts: Any) -> ObservedJob:
    return ObservedJob(**{"name": CHILD_NAME, "is_ours": True, **facts})


def make_pod(**facts: Any) -> ObservedPod:
    has_ended = facts.get("exit_code") is not None
    return ObservedPod(**{"name": f"{CHILD_NAME}-abcde", "has_ended": has_ended, **facts})


def make_observation(**seen: Any) -> Observation:
    given = {"transcription_job": make_transcription_job(), "now": NOW}
    return Observation(**{**given, "url_lifetime": timedelta(hours=12), **seen})


def make_transcript(*pieces: tuple[float, float, str]) -> Transcript:
    segments = tuple(
        Segment(id=number, start=start, end=end, text=text)
        for number, (start, end, text) in enumerate(pieces)
    )
    return Transcript(
        language="no",
        duration=max((end for _, end, _ in pieces), default=0),
        text="".join(text for _, _, text in pieces),
        segments=segments,
    )
