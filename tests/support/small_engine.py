"""The engine around a model of random numbers, small enough to run in a blink."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from whisper.model import ModelDimensions, Whisper

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.engine.protocol import (
    EngineSettings,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.engine.transcriber import Transcriber
from waas_job.engine.windows import DecodedWindow, Window, WindowDecoder, WindowOptions

EVERYTHING = VoiceActivityOptions(enabled=False)


def save_checkpoint(path: Path, *, n_vocab: int = 51865) -> Path:
    """Write a checkpoint as OpenAI does."""
    torch.manual_seed(1)
    dimensions = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=8,
        n_audio_head=2,
        n_audio_layer=1,
        n_vocab=n_vocab,
        n_text_ctx=32,
        n_text_state=8,
        n_text_head=2,
        n_text_layer=1,
    )
    model = Whisper(dimensions)
    torch.nn.init.normal_(model.decoder.positional_embedding)
    torch.save({"dims": vars(dimensions), "model_state_dict": model.state_dict()}, path)
    return path


def make_settings(
    directory: Path,
    *,
    model: str = "small-one",
    device: str = "cpu",
    precision: str = "float32",
) -> EngineSettings:
    """Return how the model is loaded."""
    return EngineSettings(
        model=model, model_directory=directory, device=device, threads=1, precision=precision
    )


def hear(engine: Transcriber, samples: Samples, options: TranscriptionOptions) -> Transcription:
    """Return what is heard in a recording."""
    return engine.transcribe([samples], options, lambda _: None)


def told_of(transcription: Transcription) -> list[Any]:
    """Return what decides whether two transcripts are the same."""
    return [
        (each.id, each.start, each.end, each.text, each.tokens, each.temperature, each.speaker)
        for each in transcription.transcript.segments
    ]


class Questions:
    """Notes what a decoder is asked, and asks it."""

    def __init__(self, decoder: WindowDecoder) -> None:
        self._decoder = decoder
        self.windows: list[Window] = []
        self.options: list[WindowOptions] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    def decode(self, windows: Iterable[Window], options: WindowOptions) -> Iterator[DecodedWindow]:
        """Note the windows and the options, and pass them on."""
        self.options.append(options)

        def ask() -> Iterator[Window]:
            for window in windows:
                self.windows.append(window)
                yield window

        return self._decoder.decode(ask(), options)
