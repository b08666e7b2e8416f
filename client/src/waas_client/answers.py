"""What the service answers with, as /v2 has it.

Open where a newer server may say more: unknown fields are ignored, unknown words stay words.
"""

from typing import Annotated

from pydantic import Field

from waas_contract.job_status import Phase
from waas_contract.wire import Time, WireModel


class Service(WireModel):
    """What a server says of itself."""

    service: str
    version: str = ""


class Model(WireModel):
    """A model that may be asked for."""

    name: str
    is_english_only: bool = False


class Models(WireModel):
    """The models that may be asked for, and the one that is used otherwise."""

    models: tuple[Model, ...]
    default: str

    def names(self) -> tuple[str, ...]:
        """Return the models' names."""
        return tuple(model.name for model in self.models)


class Audio(WireModel):
    """What was learnt about the recording."""

    duration_seconds: float
    language: str | None = None


class Estimate(WireModel):
    """When a job will be done if all goes on as it does."""

    completion_time: Time
    basis: str
    """What it is told from: `progress` or `queue`."""


class Job(WireModel):
    """One transcription."""

    id: str
    file_name: str | None = None
    phase: Annotated[Phase | str, Field(union_mode="left_to_right")]
    reason: str | None = None
    message: str | None = None
    progress: int | None = None
    """Percent of the audio that is done."""

    processed_seconds: float | None = None
    audio: Audio | None = None
    position_in_queue: int | None = None
    """How many wait before it; None unless it waits itself."""

    model: str = ""
    task: str = "transcribe"
    language: str | None = None
    """The language that was asked for; None to have it detected."""

    formats: tuple[str, ...] = ()
    word_timestamps: bool = False
    speakers_by_channel: bool = False
    cancelled: bool = False
    """Whether somebody asked for its end; its phase says whether that has come."""

    suspended: bool = False
    """Whether somebody asked for it to wait; its phase says whether it does."""

    estimate: Estimate | None = None
    """When it will be done; None where nobody can tell."""

    labels: dict[str, str] = Field(default_factory=dict)
    retry_of: str | None = None
    """Id of the job that it repeats."""

    attempts: int = 0
    creation_time: Time | None = None
    start_time: Time | None = None
    completion_time: Time | None = None

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will happen to the job any more."""
        return isinstance(self.phase, Phase) and self.phase.is_final

    @property
    def is_running(self) -> bool:
        """Tell whether somebody is at work on it."""
        return self.phase == Phase.RUNNING

    @property
    def fraction_done(self) -> float:
        """Return how much of the audio is done, from 0 to 1, as finely as it is known."""
        if self.phase == Phase.SUCCEEDED:
            return 1.0
        if self.audio and self.audio.duration_seconds and self.processed_seconds is not None:
            return min(1.0, self.processed_seconds / self.audio.duration_seconds)
        return (self.progress or 0) / 100


class JobPage(WireModel):
    """Some of the jobs, and where the others begin."""

    jobs: tuple[Job, ...]
    cursor: str | None = None
    total: int | None = None
    """How many there are on all pages; None from a server that does not count."""
