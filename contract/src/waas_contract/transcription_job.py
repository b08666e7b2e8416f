"""The TranscriptionJob: the only record of a transcription, from upload to transcript.

The models here and in `job_status` are the source of the CustomResourceDefinition in the chart
(`make generate`).
"""

import hashlib
import json
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from waas_contract.formats import OutputFormat
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.languages import LANGUAGE_NAMES
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_contract.wire import Time, WireModel

GROUP = "waas.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "TranscriptionJob"
PLURAL = "transcriptionjobs"

MUTABLE_SPEC_FIELDS = (
    "suspend",
    "cancelled",
    "priority",
    "queueName",
    "ttlSecondsAfterFinished",
    "ttlSecondsAfterFailure",
)
"""The only parts of a spec that may change after creation."""

_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
LocalQueueName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        max_length=63,
    ),
]
"""As Kueue has it; the name is a label's value as well, hence at most 63 characters."""

LONGEST_TTL_SECONDS = 315_360_000  # ten years of 365 days


class Task(StrEnum):
    """What Whisper does with the speech."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    DETECT = "detect"
    """Tell the language, and nothing else."""


class Priority(StrEnum):
    """Who goes first where not all can; an administrator says what it means in the cluster."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Source(WireModel):
    """Where the audio lies."""

    bucket: str | None = Field(default=None, min_length=3, max_length=63)
    """Another bucket than the service's own; an administrator must have listed it."""

    key: str = Field(min_length=1, max_length=1024)
    """Object key; in the service's own bucket it begins with the resource's namespace."""

    file_name: str | None = Field(default=None, max_length=255)
    """The name that the person who sent it knows it by."""


class Notifications(WireModel):
    """Who wants to know when it is over."""

    email: str | None = Field(default=None, max_length=254)
    webhook_id: str | None = Field(default=None, max_length=128)
    """An id from the administrator's list; never an address."""


class TranscriptionRequest(WireModel):
    """What is asked for, wherever the audio lies."""

    model: str = Field(
        default="tiny", min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*)$"
    )
    """Name of a checkpoint in the model cache."""

    task: Task = Task.TRANSCRIBE
    language: str | None = Field(
        default=None, json_schema_extra={"enum": [*sorted(LANGUAGE_NAMES)]}, max_length=3
    )
    """Code of the spoken language; detected where absent."""

    initial_prompt: str | None = Field(default=None, max_length=2000)
    """Text that sets vocabulary and style."""

    word_timestamps: bool = False
    speakers_by_channel: bool = False
    """Whether each channel of the recording is a speaker, as on stereo calls."""

    decoding: DecodingOptions | None = None
    voice_activity: VoiceActivityOptions | None = None
    subtitles: SubtitleOptions | None = None
    formats: tuple[OutputFormat, ...] = Field(
        default=(OutputFormat.SRT, OutputFormat.VTT, OutputFormat.TXT, OutputFormat.TSV),
        max_length=8,
    )
    """What is stored beside transcript.json, which always is."""

    profile: str = Field(default="default", min_length=1, max_length=63)
    """Which of the administrator's sets of resources the Job gets."""

    backoff_limit: int = Field(default=2, ge=0, le=10)
    """Attempts after the first that the job's own failures may cost."""

    active_deadline_seconds: int | None = Field(default=None, ge=1, le=604_800)
    """Seconds from its creation or resumption after which it fails, waiting for a node included."""

    queue_deadline_seconds: int | None = Field(default=None, ge=1, le=604_800)
    """Seconds from its creation or resumption in which it must start, or it fails."""

    priority: Priority = Priority.NORMAL
    """Who goes first; a change counts for Jobs that are made after it, on one machine at once."""

    queue_name: LocalQueueName | None = None
    """The LocalQueue of Kueue's in which its Job waits; an administrator's choice where absent.

    A change counts for Jobs that are made after it.
    """

    ttl_seconds_after_finished: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    """Seconds after its end in which the record, the audio and the results are kept."""

    ttl_seconds_after_failure: int | None = Field(default=None, ge=0, le=LONGEST_TTL_SECONDS)
    """The same where there is no transcript; ttlSecondsAfterFinished where absent."""

    owner: str | None = Field(default=None, min_length=1, max_length=253)
    """Who asked for it, by the login of the api; nobody in particular where absent."""

    retry_of: str | None = Field(default=None, pattern=_NAME_PATTERN, max_length=63)
    """The finished TranscriptionJob of the same namespace that this one repeats."""

    notifications: Notifications | None = None
    suspend: bool = False
    cancelled: bool = False


class TranscriptionJobSpec(TranscriptionRequest):
    """What is asked for."""

    source: Source

    @classmethod
    def of(cls, request: TranscriptionRequest, source: Source) -> "TranscriptionJobSpec":
        """Return the spec of a request whose audio has its place."""
        asked = {name: getattr(request, name) for name in request.model_fields_set}
        return cls(source=source, **asked)

    def digest(self) -> str:
        """Return the SHA-256 of what decides the result, the same for equal requests.

        Manifests are found by it for years. So a field that is added to the spec later, and changes
        the result, is to be added here only where it is not at its default; a test pins digests.
        """
        asked: dict[str, object] = {
            "bucket": self.source.bucket,
            "key": self.source.key,
            "model": self.model,
            "task": self.task,
            "language": self.language,
            "initialPrompt": self.initial_prompt,
            "wordTimestamps": self.word_timestamps,
            # A set to the API server, which may give it back in another order.
            "formats": sorted(self.formats),
        }
        added = {
            "decoding": self.decoding,
            "voiceActivity": self.voice_activity,
            "subtitles": self.subtitles,
        }
        asked |= {name: options.to_wire() for name, options in added.items() if options}
        if self.speakers_by_channel:
            asked["speakersByChannel"] = True
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"

    def stored_formats(self) -> tuple[OutputFormat, ...]:
        """Return the formats that the job writes, transcript.json first."""
        if self.task is Task.DETECT:
            return (OutputFormat.JSON,)
        others = (each for each in self.formats if each != OutputFormat.JSON)
        return (OutputFormat.JSON, *others)


class ObjectMeta(WireModel):
    """The part of Kubernetes' metadata that the programs read."""

    name: str
    namespace: str
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class TranscriptionJob(WireModel):
    """One transcription."""

    metadata: ObjectMeta
    spec: TranscriptionJobSpec
    status: TranscriptionJobStatus | None = None

    @property
    def phase(self) -> Phase:
        """Return where the job stands; Pending before the operator has seen it."""
        return self.status.phase if self.status else Phase.PENDING
