"""The seam between the program and whatever runs the model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from waas_contract.manifest import EngineFacts
from waas_contract.models import checkpoint_file_name
from waas_contract.transcript import Transcript
from waas_contract.transcription_job import Task
from waas_job.errors import ModelNotFound


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

    @property
    def checkpoint_path(self) -> Path:
        """Where the model's weights have to lie."""
        return self.model_directory / checkpoint_file_name(self.model)

    def require_checkpoint(self) -> None:
        """Raise ModelNotFound if the file is not there, without reading it."""
        if not self.checkpoint_path.is_file():
            raise ModelNotFound(
                f"The model '{self.model}' is not in the model cache: "
                f"there is no {self.checkpoint_path.name} in {self.model_directory}."
            )
