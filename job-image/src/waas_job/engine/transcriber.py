"""The engine: speech is found, windows are cut from it and decoded, segments are made of them."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch

from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Segment, Transcript
from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.engine.history import text_before
from waas_job.engine.invented import drop_invented
from waas_job.engine.prompt import CarriedPrompt, carry_prompt
from waas_job.engine.protocol import (
    EngineSettings,
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.engine.segments import build_segments
from waas_job.engine.silero import SileroNetwork, SpeechDetector, load_silero
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.engine.windows import DecodedWindow, Window, WindowDecoder, WindowOptions
from waas_job.errors import BadConfiguration, OutOfMemory
from waas_job.read_ahead import ReadAhead
from waas_job.speech.cutting import CutWindow, DetectSpeech, WindowCutter, hear_speech_everywhere
from waas_job.speech.timeline import SAMPLE_RATE

# Windows that wait for the decoder: four minutes of speech, 15 MB.
_WINDOWS_AHEAD = 8


def load_engine(settings: EngineSettings) -> "Transcriber":
    """Load the model from the cache; raises as `load_window_decoder` does."""
    return Transcriber(load_window_decoder(settings))


class Transcriber:
    """Takes recordings one after the other."""

    def __init__(self, decoder: WindowDecoder) -> None:
        self._decoder = decoder

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""
        return self._decoder.facts

    def detect_language(self, samples: Samples) -> Language:
        """Return the language of the first window."""
        with _memory_errors():
            return self._decoder.detect_language(samples)

    def transcribe(
        self,
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        """Return what is said in a recording that comes in blocks of samples."""
        self._require_language(options.language)
        sound = _CountedSound(blocks)
        with _memory_errors(), ReadAhead(self._cut(sound, options), most=_WINDOWS_AHEAD) as cuts:
            first = next(cuts, None)
            language = before.language if before else self._find_language(options, first, sound)
            listening = _Listening(self._decoder, options, language, before)
            on_progress(listening.heard())
            for _ in listening.go_through(itertools.chain([first] if first else [], cuts)):
                on_progress(listening.heard())
        segments = tuple(listening.segments)
        on_progress(Heard(sound.seconds, language, segments))
        return Transcription(
            transcript=Transcript(
                language=language.code,
                duration=sound.seconds,
                text="".join(each.text for each in segments),
                segments=segments,
            ),
            language=language,
            unsupported_options=listening.prompt.left_out,
        )

    @cached_property
    def _silero(self) -> SileroNetwork:
        return load_silero()

    def _cut(self, blocks: Iterable[Samples], options: TranscriptionOptions) -> Iterator[CutWindow]:
        voice_activity = options.voice_activity or VoiceActivityOptions()
        # For this thread alone: its steps are too small to be shared out among processors.
        torch.set_num_threads(1)
        detect: DetectSpeech = hear_speech_everywhere
        if voice_activity.enabled:
            detect = SpeechDetector(self._silero)
        yield from WindowCutter(voice_activity, detect).cut(blocks)

    def _require_language(self, asked: str | None) -> None:
        if asked is not None and self._is_multilingual and asked not in self._decoder.languages:
            raise BadConfiguration(
                f"The model '{self.facts.model}' does not know the language '{asked}'."
            )

    @property
    def _is_multilingual(self) -> bool:
        return len(self._decoder.languages) > 1

    def _find_language(
        self, options: TranscriptionOptions, first: CutWindow | None, sound: "_CountedSound"
    ) -> Language:
        """Return the language that was asked for, or else the one of the first window."""
        if not self._is_multilingual:
            return Language("en")
        if options.language is not None:
            return Language(options.language)
        return self._decoder.detect_language(first.samples if first else sound.beginning)


class _CountedSound:
    """The blocks of a recording, counted as they go by."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._first = next(self._blocks)
        self._samples = 0

    @property
    def beginning(self) -> Samples:
        """Return the first block."""
        return self._first

    @property
    def seconds(self) -> float:
        """Return the length of what went by."""
        return self._samples / SAMPLE_RATE

    def __iter__(self) -> Iterator[Samples]:
        for block in itertools.chain([self._first], self._blocks):
            self._samples += len(block)
            yield block


class _Listening:
    """One recording on its way through the decoder."""

    def __init__(
        self,
        decoder: WindowDecoder,
        options: TranscriptionOptions,
        language: Language,
        before: Heard | None,
    ) -> None:
        self._decoder = decoder
        self._options = options
        self._language = language
        self._window_options = WindowOptions(options.decoding, options.word_timestamps)
        self._done = round(before.seconds * SAMPLE_RATE) if before else 0
        self.segments: list[Segment] = list(before.segments) if before else []
        self.prompt = self._carry_prompt()
        # As `transcribe` does, which takes it for something said just before.
        text = self.prompt.text
        self._prompt_tokens = decoder.tokenizer.encode(f" {text}") if text else []

    def heard(self) -> Heard:
        """Return how far it is."""
        return Heard(self._done / SAMPLE_RATE, self._language, tuple(self.segments))

    def go_through(self, cuts: Iterable[CutWindow]) -> Iterator[None]:
        """Decode the windows that are not done yet, in order, and stop after each."""
        cuts = (cut for cut in cuts if cut.timeline.end > self._done)
        if self._options.decoding.condition_on_previous_text:
            for cut in cuts:
                window = self._window(cut, text_before(self.segments))
                self._take(cut, *self._decoder.decode([window], self._window_options))
                yield
            return
        pending: list[CutWindow] = []
        for decoded in self._decoder.decode(self._windows(cuts, pending), self._window_options):
            self._take(pending.pop(0), decoded)
            yield

    def _windows(self, cuts: Iterable[CutWindow], pending: list[CutWindow]) -> Iterator[Window]:
        for cut in cuts:
            pending.append(cut)
            yield self._window(cut)

    def _window(self, cut: CutWindow, history: Sequence[int] = ()) -> Window:
        room = self._decoder.prompt_budget - len(self._prompt_tokens)
        return Window(
            samples=cut.samples,
            language=self._language.code,
            task=self._options.task,
            prompt_tokens=(*self._prompt_tokens, *(history[-room:] if room > 0 else ())),
            seed=cut.number,
        )

    def _take(self, cut: CutWindow, decoded: DecodedWindow) -> None:
        segments = build_segments(
            decoded,
            cut.timeline,
            self._decoder.tokenizer,
            self._options.decoding,
            first_id=len(self.segments),
        )
        threshold = self._options.decoding.hallucination_silence_threshold
        if threshold is not None:
            segments = drop_invented(
                segments,
                reached=self.segments[-1].end if self.segments else 0,
                end=cut.timeline.end / SAMPLE_RATE,
                threshold=threshold,
            )
        self.segments += (
            each.model_copy(update={"id": number})
            for number, each in enumerate(segments, len(self.segments))
        )
        self._done = cut.timeline.end

    def _carry_prompt(self) -> CarriedPrompt:
        def count_tokens(text: str) -> int:
            try:
                return len(self._decoder.tokenizer.encode(f" {text}"))
            except ValueError as error:
                raise BadConfiguration(
                    "initialPrompt and hotwords cannot hold tokens of Whisper's own, as <|en|> is."
                ) from error

        return carry_prompt(
            self._options.initial_prompt,
            self._options.decoding.hotwords,
            count_tokens=count_tokens,
            budget=self._decoder.prompt_budget,
        )


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory("The GPU ran out of memory.") from error
