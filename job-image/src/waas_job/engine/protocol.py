"""The seam between the program and whatever runs the model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions, VoiceActivityOptions
from waas_job.model_cache.cached_model import CachedModel, find_cached_model

Samples = npt.NDArray[np.float32]
"""Mono sound at 16 kHz."""

DETECTION_SECONDS = 30.0
"""As much of a recording as its language is told from: a window of Whisper's."""


@dataclass(frozen=True)
class TranscriptionOptions:
    """What is asked of the engine for one recording."""

    language: str | None = None
    """Code of the spoken language; detected where absent."""

    task: Task = Task.TRANSCRIBE
    """To transcribe or to translate."""

    initial_prompt: str | None = None
    word_timestamps: bool = False
    speakers_by_channel: bool = False
    """Whether each channel is a speaker; blocks are then channels x samples."""

    decoding: DecodingOptions = DecodingOptions()  # noqa: RUF009 # frozen
    voice_activity: VoiceActivityOptions | None = None


@dataclass(frozen=True)
class Language:
    """The language of a recording."""

    code: str
    probability: float | None = None
    """How sure the model is of it; None where nobody asked it."""


@dataclass(frozen=True)
class Heard:
    """What was heard so far; all that is needed to go on from there."""

    seconds: float
    """Of the recording, from its start, that are done."""

    language: Language
    segments: Sequence[Segment] = ()
    """Those that will not change any more: the transcript begins with them."""


@dataclass(frozen=True)
class Transcription:
    """What was heard in a whole recording."""

    transcript: Transcript
    language: Language
    unsupported_options: tuple[str, ...] = ()
    """What was asked for and could not be done, by the names in the spec."""


class Engine(Protocol):
    """A loaded model."""

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""

    def transcribe(
        self,
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        """Return what is said in a recording that comes in blocks of samples.

        `on_progress` is called on the way with more and more of it. Of the same recording, with the
        same options, any of that can be given as `before`: what was heard then is not listened to
        again. The transcript is the same, also at another attempt.

        Raises:
            BadConfiguration: the model cannot do what is asked for.
            OutOfMemory: the recording is too much for the GPU.
        """

    def detect_language(self, samples: Samples) -> Language:
        """Return the language of the first DETECTION_SECONDS; raises as `transcribe` does."""


@dataclass(frozen=True)
class EngineSettings:
    """Which model to load, and how to run it."""

    model: str
    model_directory: Path
    device: str
    """auto, cpu or cuda."""

    threads: int
    """On the CPU."""

    precision: str = "auto"
    """auto, float32 or bfloat16."""

    def find_model(self) -> CachedModel:
        """Return the model as it lies in the cache, without reading its weights.

        Raises:
            ModelNotFound: a file of it is missing.
            BadConfiguration: the cache's own catalogue is broken.
        """
        return find_cached_model(self.model_directory, self.model)

    def require_checkpoint(self) -> None:
        """Raise what `find_model` raises, before anything else is done in vain."""
        self.find_model()
