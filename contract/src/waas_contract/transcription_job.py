"""The TranscriptionJob: the only record of a transcription, from upload to transcript.

The models below are the source of the CustomResourceDefinition in the chart (`make generate`).
Conditions are the truth; `phase` is derived from them for people and print columns.
"""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from waas_contract.formats import OutputFormat
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


class ConditionType(StrEnum):
    """The conditions, in the order in which they come true."""

    ACCEPTED = "Accepted"
    STARTED = "Started"
    RESULTS_STORED = "ResultsStored"
    SUCCEEDED = "Succeeded"
    ARCHIVED = "Archived"
    """Whether the record of the end is in the object store."""

    NOTIFIED = "Notified"
    """Only where somebody is to be told of the end."""


class ConditionReason(StrEnum):
    """Reasons of conditions that do not tell of a failure."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    SUSPENDED = "Suspended"
    UNSCHEDULABLE = "Unschedulable"
    IMAGE_PULL = "ImagePull"
    STARTING = "Starting"
    RUNNING = "Running"
    RETRYING = "Retrying"
    WAITING_FOR_QUOTA = "WaitingForQuota"
    EVICTED = "Evicted"
    IN_PROGRESS = "InProgress"
    CANCELLING = "Cancelling"
    MANIFEST_VERIFIED = "ManifestVerified"
    PARTIAL_RESULTS = "PartialResults"
    STORAGE_UNAVAILABLE = "StorageUnavailable"
    COMPLETED = "Completed"
    NOT_RUN = "NotRun"
    RECORD_STORED = "RecordStored"
    DELIVERING = "Delivering"
    DELIVERED = "Delivered"
    GIVEN_UP = "GivenUp"


class Condition(WireModel):
    """One claim about the job, as in Kubernetes' API conventions."""

    type: str = Field(pattern=r"^[A-Za-z]+$", max_length=64)
    """A ConditionType; open like the reason, so that a status of a later release stays readable."""

    status: Literal["True", "False", "Unknown"]
    reason: str = Field(pattern=r"^[A-Za-z]+$", max_length=64)
    """A ConditionReason or FailureReason; open, so that releases can differ while one rolls out."""

    message: str = Field(default="", max_length=1024)
    last_transition_time: Time
    observed_generation: int = 0


class Phase(StrEnum):
    """Where a job stands, in one word; derived from the conditions."""

    PENDING = "Pending"
    QUEUED = "Queued"
    SUSPENDED = "Suspended"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will happen to the job any more."""
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)

    @property
    def is_waiting(self) -> bool:
        """Tell whether the job has a place in the queue."""
        return self in (Phase.PENDING, Phase.QUEUED)


class Progress(WireModel):
    """How much of the audio is done."""

    percent: int = Field(ge=0, le=100)
    processed_seconds: float = 0
    updated_time: Time | None = None


class AudioStatus(WireModel):
    """What was learnt about the recording."""

    duration_seconds: float
    language: str | None = Field(default=None, max_length=16)
    language_probability: float | None = Field(default=None, ge=0, le=1)
    """How sure Whisper is of a language that it detected."""


class StoredResult(WireModel):
    """One result in the bucket."""

    format: OutputFormat
    key: str
    bytes: int


class Results(WireModel):
    """Where the transcript lies."""

    manifest_key: str
    files: Annotated[tuple[StoredResult, ...], Field(max_length=8)]


class LastFailure(WireModel):
    """The most recent attempt that ended badly."""

    reason: str = Field(pattern=r"^[A-Za-z]+$", max_length=64)
    message: str = Field(default="", max_length=1024)
    exit_code: int | None = None
    pod_name: str | None = None
    time: Time | None = None


class Delivery(WireModel):
    """How far it is to tell one of those who want to know; settled without a next attempt."""

    attempts: int = 0
    """Those that were begun; an attempt is written down before it is made."""

    first_attempt_time: Time | None = None
    next_attempt_time: Time | None = None
    delivered_time: Time | None = None
    last_error: str | None = Field(default=None, max_length=256)


class NotificationsStatus(WireModel):
    """How far it is to tell those whom the spec names."""

    email: Delivery | None = None
    webhook: Delivery | None = None


class TranscriptionJobStatus(WireModel):
    """What the operator knows; it alone writes here."""

    observed_generation: int = 0
    phase: Phase = Phase.PENDING
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    job_name: str | None = None
    attempts: int = 0
    """Pods that were started."""

    queued_time: Time | None = None
    """Since when it waits, or waited, for its start: its creation, or the end of a suspension."""

    start_time: Time | None = None
    completion_time: Time | None = None
    expiry_time: Time | None = None
    """When the record, the audio and the results are deleted."""

    urls_expiration_time: Time | None = None
    """When the URLs in the job's Secret end, so that they are renewed in time."""

    urls_highest_attempt: int = 0
    """The highest attempt number that those URLs are for."""

    failed_pods: int = 0
    """Pods that ended without a result; each may have used up an attempt number."""

    progress: Progress | None = None
    audio: AudioStatus | None = None
    results: Results | None = None
    last_failure: LastFailure | None = None
    notifications: NotificationsStatus | None = None
    """Who is being told of the end; absent before it, and where nobody is."""

    def condition(self, condition_type: ConditionType) -> Condition | None:
        """Return the condition of a type, if it was ever set."""
        return next((each for each in self.conditions if each.type == condition_type), None)


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
