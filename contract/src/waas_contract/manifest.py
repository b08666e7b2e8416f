"""The manifest: the last object a job writes, and the only proof that it is done."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from waas_contract.formats import OutputFormat
from waas_contract.object_keys import result_key
from waas_contract.wire import Time, WireModel

LARGEST_NOTE_BYTES = 1 << 20
"""The largest manifest or progress note that anybody reads."""


class Outcome(StrEnum):
    """Whether the results cover the whole recording."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    """What was heard until the job was stopped. It ends nothing: an attempt that follows goes on
    from there and replaces it, and what is never gone on with has these results."""


class ResultFile(WireModel):
    """One stored result."""

    format: OutputFormat
    key: str
    bytes: int
    sha256: str


class AudioFacts(WireModel):
    """What was learnt about the recording."""

    duration_seconds: float = Field(ge=0, allow_inf_nan=False)
    language: str = Field(max_length=16)
    language_probability: float | None = Field(default=None, ge=0, le=1)
    """How sure Whisper is of a language that it detected; None where it was told."""

    is_damaged: bool = False
    """Whether some of the recording could not be read; the results lack it."""

    sha256: str | None = None
    bytes: int | None = None


class EngineFacts(WireModel):
    """What transcribed it, so that a result can be reproduced."""

    name: str
    version: str
    model: str
    checkpoint_sha256: str | None = None
    device: str
    precision: str | None = None
    """In which products are computed: float32, float16 or bfloat16."""


class Timing(WireModel):
    """Where the seconds went."""

    fetch_seconds: float
    decode_seconds: float
    load_seconds: float
    transcribe_seconds: float
    store_seconds: float


class Manifest(WireModel):
    """Names the results of one finished transcription."""

    schema_version: int = 1
    namespace: str
    name: str
    spec_digest: str
    """Digest of the spec that these results answer; a manifest with another digest is stale."""

    outcome: Outcome
    attempt: int = Field(ge=1, le=1_000_000)
    files: Annotated[tuple[ResultFile, ...], Field(max_length=8)]
    audio: AudioFacts
    engine: EngineFacts
    timing: Timing
    unsupported_options: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    """What was asked for and the engine cannot do, by the names in the spec."""

    start_time: Time
    completion_time: Time

    def answers(self, namespace: str, name: str, spec_digest: str) -> bool:
        """Tell whether these are the results of that very TranscriptionJob.

        A pod writes its own manifest, and others read with more rights than it has the keys that
        it names: so only the keys that this job's results can have count.
        """
        is_asked_for = (self.namespace, self.name, self.spec_digest) == (
            namespace,
            name,
            spec_digest,
        )
        return is_asked_for and all(
            file.key == result_key(namespace, name, self.attempt, file.format)
            for file in self.files
        )

    def file(self, output_format: OutputFormat) -> ResultFile | None:
        """Return the stored file of a format, if there is one."""
        return next((file for file in self.files if file.format == output_format), None)


class ProgressNote(WireModel):
    """How far a running job is, in seconds of audio."""

    processed_seconds: float = Field(ge=0)
    duration_seconds: float = Field(ge=0)
    updated_time: Time
