"""OpenAI's own implementation: greedy decoding with the temperature ladder, window after window."""

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import whisper
from whisper import Whisper
from whisper.audio import (
    FRAMES_PER_SECOND,
    N_FRAMES,
    N_SAMPLES,
    SAMPLE_RATE,
    log_mel_spectrogram,
    pad_or_trim,
)
from whisper.tokenizer import get_tokenizer

from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Segment, Transcript
from waas_job.engine.protocol import EngineSettings, TranscriptionOptions
from waas_job.engine.weights import load_weights
from waas_job.errors import BadConfiguration, OutOfMemory

# OpenAI's defaults: the next one is tried where a window came out repetitive or improbable.
_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

# Temperatures above 0 draw lots: the same recording shall give the same transcript at each attempt.
_SEED = 0

Samples = npt.NDArray[np.float32]


def load_engine(settings: EngineSettings) -> "OpenAIWhisper":
    """Load the model from the cache, in whichever layout; nothing is ever downloaded.

    Raises:
        ModelNotFound: a file of it is missing, broken or not what the catalogue says.
        BadConfiguration: the device is not there.
        OutOfMemory: the device is too small for the model.
    """
    cached = settings.find_model()
    device = _choose_device(settings.device)
    torch.set_num_threads(settings.threads)
    sha256 = cached.verify()
    model = load_weights(cached)
    try:
        model = model.to(device)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(
            f"The GPU has not enough memory for the model '{settings.model}'."
        ) from error
    facts = EngineFacts(
        name="openai-whisper",
        version=whisper.__version__,
        model=settings.model,
        checkpoint_sha256=sha256,
        device=_describe_device(device),
    )
    return OpenAIWhisper(model, facts)


class OpenAIWhisper:
    """A model that OpenAI's code runs."""

    def __init__(self, model: Whisper, facts: EngineFacts) -> None:
        self._model = model
        self._facts = facts

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""
        return self._facts

    def transcribe(
        self,
        samples: Samples,
        options: TranscriptionOptions,
        on_progress: Callable[[float], None],
    ) -> Transcript:
        """Return what is said in mono samples at 16 kHz."""
        try:
            return self._transcribe(samples, options, on_progress)
        except torch.OutOfMemoryError as error:
            raise OutOfMemory("The GPU ran out of memory.") from error

    def _transcribe(
        self,
        samples: Samples,
        options: TranscriptionOptions,
        on_progress: Callable[[float], None],
    ) -> Transcript:
        torch.manual_seed(_SEED)
        is_half = self._model.device.type == "cuda"
        spectrogram = log_mel_spectrogram(samples, self._model.dims.n_mels, padding=N_SAMPLES)
        language = self._choose_language(spectrogram, options.language, is_half=is_half)

        def on_window(first_frame: int) -> None:
            on_progress(first_frame / FRAMES_PER_SECOND)

        transcribe = _transcribe_from(_WatchedSpectrogram(spectrogram, on_window))
        result = transcribe(
            self._model,
            samples,
            language=language,
            task=options.task.value,
            fp16=is_half,
            temperature=_TEMPERATURES,
            # Each window for itself: what went wrong in one, above all a loop, stays in it.
            condition_on_previous_text=False,
            initial_prompt=options.initial_prompt,
            # Without the previous text the prompt would end with the first window.
            carry_initial_prompt=options.initial_prompt is not None,
            word_timestamps=options.word_timestamps,
        )
        duration = len(samples) / SAMPLE_RATE
        on_progress(duration)
        return Transcript(
            language=language,
            duration=duration,
            text=result["text"],
            segments=_spoken_segments(result["segments"]),
        )

    def _choose_language(
        self, spectrogram: torch.Tensor, asked: str | None, *, is_half: bool
    ) -> str:
        """Return the language that was asked for, or else the one of the first 30 seconds."""
        model = self._model
        if not model.is_multilingual:
            return "en"
        if asked is not None:
            known = get_tokenizer(True, num_languages=model.num_languages).all_language_codes
            if asked not in known:
                raise BadConfiguration(
                    f"The model '{self._facts.model}' does not know the language '{asked}'."
                )
            return asked
        window = pad_or_trim(spectrogram, N_FRAMES).to(model.device)
        _, probabilities = model.detect_language(window.half() if is_half else window)
        language: str = max(probabilities, key=probabilities.get)
        return language


class _WatchedSpectrogram:
    """A spectrogram that tells where each window is cut from it."""

    def __init__(self, frames: torch.Tensor, on_window: Callable[[int], None]) -> None:
        self._frames = frames
        self._on_window = on_window
        self.shape = frames.shape

    def __getitem__(self, index: tuple[slice, slice]) -> torch.Tensor:
        self._on_window(index[1].start)
        return self._frames[index]


def _transcribe_from(spectrogram: _WatchedSpectrogram) -> Callable[..., Mapping[str, Any]]:
    """Return Whisper's `transcribe`, given its spectrogram instead of making one.

    `transcribe` has no way to tell how far it is, and its progress bar leaves silence out. What it
    does with its spectrogram tells: it cuts each window from it. The function returned is a copy
    that finds our spectrogram under the name that it calls; the original stays untouched.
    """
    original = whisper.transcribe
    names = {**original.__globals__, "log_mel_spectrogram": lambda *_, **__: spectrogram}
    copy = FunctionType(original.__code__, names, original.__name__, original.__defaults__)
    copy.__kwdefaults__ = original.__kwdefaults__
    return copy


def _spoken_segments(segments: Sequence[Mapping[str, Any]]) -> tuple[Segment, ...]:
    """Return the segments without those that Whisper emptied, counted anew."""
    spoken = (segment for segment in segments if segment["text"].strip())
    return tuple(
        Segment.model_validate({**segment, "id": number}) for number, segment in enumerate(spoken)
    )


def _choose_device(asked: str) -> torch.device:
    if asked not in ("auto", "cpu", "cuda"):
        raise BadConfiguration(f"WAAS_DEVICE is '{asked}'; it can be auto, cpu or cuda.")
    has_gpu = torch.cuda.is_available()
    if asked == "cuda" and not has_gpu:
        raise BadConfiguration("WAAS_DEVICE is cuda, but there is no GPU that torch can use.")
    return torch.device("cuda" if has_gpu and asked != "cpu" else "cpu")


def _describe_device(device: torch.device) -> str:
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device.type
