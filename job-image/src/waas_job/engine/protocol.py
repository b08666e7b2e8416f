"""The seam between the program and whatever runs the model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import Task
from waas_job.model_cache.cached_model import CachedModel, find_cached_model


@dataclass(frozen=True)
class TranscriptionOptions:
    """What is asked of the engine for one recording."""

    language: str | None = None
    """Code of the spoken language; detected where absent."""

    task: Task = Task.TRANSCRIBE
    initial_prompt: str | None = None
    word_timestamps: bool = False


class Engine(Protocol):
    """A loaded model."""

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""

    def transcribe(
        self,
        samples: npt.NDArray[np.float32],
        options: TranscriptionOptions,
        on_progress: Callable[[float], None],
    ) -> Transcript:
        """Return what is said in mono samples at 16 kHz.

        Calls `on_progress` on the way with the seconds of audio that are done.
        """


@dataclass(frozen=True)
class EngineSettings:
    """Which model to load, and how to run it."""

    model: str
    model_directory: Path
    device: str
    """auto, cpu or cuda."""

    threads: int
    """On the CPU."""

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
