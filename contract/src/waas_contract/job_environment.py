"""What the operator hands to the job program, and what that hands back.

Three parts: environment variables without secrets; a mounted Secret with one file of presigned
URLs for each item, read anew at every request because the operator renews it; and the termination
message, by which the program says how each item ended. Items are a list so that one pod can take
many short recordings and load its model once.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, TypeAdapter

from waas_contract.exit_codes import ExitCode, FailureReason, exit_code_for
from waas_contract.formats import OutputFormat
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_contract.wire import Time, WireModel

Device = Literal["auto", "cpu", "cuda"]
"""Where the model runs; auto takes a GPU where there is one."""

Precision = Literal["auto", "float32", "bfloat16"]
"""In which products are computed; auto takes the shortest that the processor is made for."""

_PREFIX = "WAAS_"
TERMINATION_MESSAGE_LIMIT = 4096
"""Bytes that the kubelet keeps of a termination message."""


class JobItem(WireModel):
    """One recording to transcribe; holds nothing secret."""

    namespace: str
    name: str
    spec_digest: str
    file_name: str
    language: str | None = None
    task: Task = Task.TRANSCRIBE
    initial_prompt: str | None = None
    word_timestamps: bool = False
    speakers_by_channel: bool = False
    decoding: DecodingOptions | None = None
    voice_activity: VoiceActivityOptions | None = None
    subtitles: SubtitleOptions | None = None
    formats: tuple[OutputFormat, ...]


class ObjectUrls(WireModel):
    """Where an object is read, if there is one already, and written."""

    get: str = Field(repr=False)
    put: str = Field(repr=False)


class AttemptUrls(WireModel):
    """Where one attempt writes its results."""

    attempt: int
    put: dict[OutputFormat, str] = Field(repr=False)


class PreviewUrls(WireModel):
    """Where what a page plays and draws is written."""

    sound: str = Field(repr=False)
    peaks: str = Field(repr=False)


class ItemUrls(WireModel):
    """The presigned URLs of one item; a file of the Secret. Its repr holds none of them."""

    audio: str = Field(repr=False)
    manifest: ObjectUrls
    progress: str = Field(repr=False)
    partial: str | None = Field(default=None, repr=False)
    """Where the segments that are done so far are written; None where nobody reads them."""

    checkpoint: ObjectUrls | None = None
    """Where the state is kept from which another attempt goes on; None where each begins anew."""

    preview: PreviewUrls | None = None
    """Where the preview is written; None where nobody plays it."""

    attempts: tuple[AttemptUrls, ...]
    """Attempt numbers, lowest first; a writer takes the first whose results are unwritten."""

    expiration_time: Time | None = None
    """When the URLs end; None for URLs that never do (`file://`)."""


_ITEMS = TypeAdapter(tuple[JobItem, ...])


class JobEnvironment(WireModel):
    """The job program's environment; one field is one variable."""

    items: tuple[JobItem, ...] = Field(min_length=1)
    """`WAAS_ITEMS`, a JSON list."""

    model: str
    """`WAAS_MODEL`, the Whisper model that all items share."""

    model_directory: str = "/var/cache/waas/models"
    """`WAAS_MODEL_DIRECTORY`, the read-only cache of checkpoints."""

    urls_directory: str = "/var/run/waas/urls"
    """`WAAS_URLS_DIRECTORY`, where the Secret is mounted."""

    scratch_directory: str = "/var/run/waas/scratch"
    """`WAAS_SCRATCH_DIRECTORY`, the only place the program writes to."""

    termination_message_path: str = "/dev/termination-log"
    """`WAAS_TERMINATION_MESSAGE_PATH`, read by the kubelet when the container ends."""

    device: Device = "auto"
    """`WAAS_DEVICE`: auto, cpu or cuda."""

    precision: Precision = "auto"
    """`WAAS_PRECISION`: auto, float32 or bfloat16."""

    storage_patience_seconds: float = 300
    """`WAAS_STORAGE_PATIENCE_SECONDS`: how long an unreachable store is tried before giving up."""

    progress_interval_seconds: float = 15
    """`WAAS_PROGRESS_INTERVAL_SECONDS`: the least time between two progress notes."""

    checkpoint_interval_seconds: float = 60
    """`WAAS_CHECKPOINT_INTERVAL_SECONDS`: the work that a killed pod can cost, in seconds."""

    def to_variables(self) -> dict[str, str]:
        """Return the environment variables that `from_variables` reads back."""
        values = {
            _variable_name(field): str(getattr(self, field))
            for field in type(self).model_fields
            if field != "items"
        }
        items = _ITEMS.dump_json(self.items, by_alias=True, exclude_none=True)
        return {_variable_name("items"): items.decode(), **values}

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> "JobEnvironment":
        """Read the environment; raises `pydantic.ValidationError` if it does not fit."""
        values: dict[str, object] = {
            field: variables[_variable_name(field)]
            for field in cls.model_fields
            if _variable_name(field) in variables
        }
        if isinstance(items := values.get("items"), str):
            values["items"] = _ITEMS.validate_json(items)
        return cls.model_validate(values)


def _variable_name(field: str) -> str:
    return f"{_PREFIX}{field.upper()}"


def urls_file_name(name: str) -> str:
    """Return the file of the Secret that holds the URLs of an item."""
    return f"{name}.json"


class ItemOutcome(WireModel):
    """How one item ended."""

    name: str
    """The item's; empty where the environment was too broken to tell it."""

    reason: FailureReason | None = None
    """None where the manifest is written."""

    message: str = ""


class TerminationMessage(WireModel):
    """The last words of the job program."""

    outcomes: tuple[ItemOutcome, ...]

    def to_text(self) -> str:
        """Return the JSON text, shortened message by message until the kubelet keeps it whole."""
        for longest in (1024, 256, 64, 0):
            outcomes = tuple(
                outcome.model_copy(update={"message": outcome.message[:longest]})
                for outcome in self.outcomes
            )
            shortened = self.model_copy(update={"outcomes": outcomes})
            text = shortened.model_dump_json(by_alias=True, exclude_none=True)
            if len(text.encode()) <= TERMINATION_MESSAGE_LIMIT:
                return text
        failed = tuple(outcome for outcome in outcomes if outcome.reason)
        return self.model_copy(update={"outcomes": failed[:20]}).model_dump_json(
            by_alias=True, exclude_none=True
        )


def exit_code_of(outcomes: Iterable[ItemOutcome]) -> ExitCode:
    """Return the code that gets the unfinished items what they need.

    An item that another attempt can help decides before one that nothing can help; what is
    finished by then is skipped by its manifest.
    """
    codes = {exit_code_for(outcome.reason) for outcome in outcomes if outcome.reason}
    for code in (
        ExitCode.INTERRUPTED,
        ExitCode.STORAGE_UNAVAILABLE,
        ExitCode.INTERNAL_ERROR,
    ):
        if code in codes:
            return code
    return min(codes, default=ExitCode.SUCCESS)
