"""OpenAI's own implementation, window after window.

It has no detector of voice activity: it takes a window for silence by what the model itself says.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

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
from waas_job.engine.decoding import decoding_arguments
from waas_job.engine.openai_model import build_openai_model
from waas_job.engine.prompt import CarriedPrompt, carry_prompt
from waas_job.engine.protocol import (
    EngineSettings,
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.engine.watching import RawSegment, transcribe_from
from waas_job.engine.weights import read_weights
from waas_job.errors import BadConfiguration, OutOfMemory

# Temperatures above 0 draw lots: the same recording shall give the same transcript at each attempt.
_SEED = 0


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
    model = build_openai_model(read_weights(cached))
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
        on_progress: Callable[[Heard], None],
    ) -> Transcription:
        """Return what is said in mono samples at 16 kHz."""
        with _memory_errors():
            return self._transcribe(samples, options, on_progress)

    def detect_language(self, samples: Samples) -> Language:
        """Return the language of the first 30 seconds."""
        if not self._model.is_multilingual:
            raise BadConfiguration(
                f"The model '{self._facts.model}' knows English alone and cannot tell languages."
            )
        with _memory_errors():
            return self._detect_language(self._spectrogram(samples[:N_SAMPLES]))

    def _transcribe(
        self,
        samples: Samples,
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
    ) -> Transcription:
        self._require_tokens(options.decoding.suppress_tokens)
        torch.manual_seed(_SEED)
        spectrogram = self._spectrogram(samples)
        language = self._choose_language(spectrogram, options.language)
        prompt = self._carry_prompt(options, language)
        listening = _Listening(language.code, on_progress)
        result = transcribe_from(spectrogram, listening.on_window)(
            self._model,
            samples,
            language=language.code,
            task=options.task.value,
            fp16=self._is_half,
            initial_prompt=prompt.text,
            # Without the previous text the prompt would end with the first window.
            carry_initial_prompt=prompt.text is not None,
            word_timestamps=options.word_timestamps,
            **decoding_arguments(options.decoding),
        )
        duration = len(samples) / SAMPLE_RATE
        return Transcription(
            transcript=Transcript(
                language=language.code,
                duration=duration,
                text=result["text"],
                segments=listening.finish(duration, result["segments"]),
            ),
            language=language,
            unsupported_options=(*_unsupported_options(options), *prompt.left_out),
        )

    @property
    def _is_half(self) -> bool:
        return bool(self._model.device.type == "cuda")

    def _spectrogram(self, samples: Samples) -> torch.Tensor:
        mels: torch.Tensor = log_mel_spectrogram(
            samples, self._model.dims.n_mels, padding=N_SAMPLES
        )
        return mels

    def _choose_language(self, spectrogram: torch.Tensor, asked: str | None) -> Language:
        """Return the language that was asked for, or else the one of the first 30 seconds."""
        model = self._model
        if not model.is_multilingual:
            return Language("en")
        if asked is None:
            return self._detect_language(spectrogram)
        known = get_tokenizer(True, num_languages=model.num_languages).all_language_codes
        if asked not in known:
            raise BadConfiguration(
                f"The model '{self._facts.model}' does not know the language '{asked}'."
            )
        return Language(asked)

    def _detect_language(self, spectrogram: torch.Tensor) -> Language:
        window = pad_or_trim(spectrogram, N_FRAMES).to(self._model.device)
        _, probabilities = self._model.detect_language(window.half() if self._is_half else window)
        code = max(probabilities, key=probabilities.get)
        # Half precision may add up to a little more than 1.
        return Language(code, min(1.0, probabilities[code]))

    def _carry_prompt(self, options: TranscriptionOptions, language: Language) -> CarriedPrompt:
        tokenizer = get_tokenizer(
            self._model.is_multilingual,
            num_languages=self._model.num_languages,
            language=language.code,
            task=options.task.value,
        )

        def count_tokens(text: str) -> int:
            try:
                return len(tokenizer.encode(f" {text}"))
            except ValueError as error:
                raise BadConfiguration(
                    "initialPrompt and hotwords cannot hold tokens of Whisper's own, as <|en|> is."
                ) from error

        return carry_prompt(
            options.initial_prompt,
            options.decoding.hotwords,
            count_tokens=count_tokens,
            # Half the context but for the token that announces it. One is left to the previous
            # text: `transcribe` takes no room at all for all the room there is.
            budget=self._model.dims.n_text_ctx // 2 - 2,
        )

    def _require_tokens(self, token_ids: Sequence[int]) -> None:
        if unknown := [each for each in token_ids if each >= self._model.dims.n_vocab]:
            raise BadConfiguration(
                f"suppressTokens names {unknown[0]}, and the tokens of the model "
                f"'{self._facts.model}' end at {self._model.dims.n_vocab - 1}."
            )


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory("The GPU ran out of memory.") from error


def _unsupported_options(options: TranscriptionOptions) -> tuple[str, ...]:
    """Return what OpenAI's code has no part for: it hears silence with the ears of the model."""
    voice_activity = options.voice_activity
    return ("voiceActivity",) if voice_activity and voice_activity.enabled else ()


class _Listening:
    """Passes on what `transcribe` has heard, window after window."""

    def __init__(self, language: str, on_progress: Callable[[Heard], None]) -> None:
        self._language = language
        self._on_progress = on_progress
        self._segments: list[Segment] = []
        self._seen = 0

    def on_window(self, first_frame: int, raw: Sequence[RawSegment]) -> None:
        self._take(raw)
        self._tell(first_frame / FRAMES_PER_SECOND)

    def finish(self, duration: float, raw: Sequence[RawSegment]) -> tuple[Segment, ...]:
        """Return all that was heard."""
        self._take(raw)
        self._tell(duration)
        return tuple(self._segments)

    def _take(self, raw: Sequence[RawSegment]) -> None:
        # Those that Whisper emptied are left out, and the others counted anew.
        self._segments += (
            Segment.model_validate({**each, "id": number})
            for number, each in enumerate(
                (each for each in raw[self._seen :] if each["text"].strip()), len(self._segments)
            )
        )
        self._seen = len(raw)

    def _tell(self, seconds: float) -> None:
        self._on_progress(Heard(seconds, self._language, self._segments))


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
