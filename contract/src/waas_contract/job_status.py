"""The status of a TranscriptionJob: what the operator knows of it.

Conditions are the truth; `phase` is derived from them for people and print columns.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from waas_contract.formats import OutputFormat
from waas_contract.wire import Time, WireModel


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
