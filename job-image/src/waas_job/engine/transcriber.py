"""The engine: speech is found, windows are cut from it and decoded, segments are made of them."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch

from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Transcript
from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.engine.conversation import Conversation
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
from waas_job.speech.channels import ChannelCutter
from waas_job.speech.cutting import (
    CutWindow,
    DetectSpeech,
    WindowCutter,
    hear_speech_everywhere,
    hear_speech_in_all_sound,
)
from waas_job.speech.timeline import SAMPLE_RATE

# Windows that wait for the decoder: four minutes of speech, 15 MB.
_WINDOWS_AHEAD = 8

# Searched for speech at once, so that the first windows do not wait for the last ones.
_SAMPLES_AT_ONCE = 10 * SAMPLE_RATE


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
        cutter = self._make_cutter(options)
        with _memory_errors(), ReadAhead(_cut(cutter, sound), most=_WINDOWS_AHEAD) as cuts:
            first = next(cuts, None)
            language = before.language if before else self._find_language(options, first, sound)
            listening = _Listening(self._decoder, options, language, before)
            on_progress(listening.heard())
            for _ in listening.go_through(itertools.chain([first] if first else [], cuts)):
                on_progress(listening.heard())
        has_speakers = isinstance(cutter, ChannelCutter) and cutter.tells_speakers_apart
        listening.conversation.finish(sound.seconds, has_speakers=has_speakers)
        heard = listening.heard()
        on_progress(heard)
        # Channels that are all the same, or a single one, are nobody in particular.
        lacking = ("speakersByChannel",) * (options.speakers_by_channel and not has_speakers)
        return Transcription(
            transcript=Transcript(
                language=language.code,
                duration=sound.seconds,
                text="".join(each.text for each in heard.segments),
                segments=tuple(heard.segments),
            ),
            language=language,
            unsupported_options=listening.prompt.left_out + lacking,
        )

    @cached_property
    def _silero(self) -> SileroNetwork:
        return load_silero()

    def _make_cutter(self, options: TranscriptionOptions) -> WindowCutter | ChannelCutter:
        voice_activity = options.voice_activity or VoiceActivityOptions()

        def make_detector() -> DetectSpeech:
            if voice_activity.enabled:
                return SpeechDetector(self._silero)
            if options.speakers_by_channel:
                return hear_speech_in_all_sound
            return hear_speech_everywhere

        if options.speakers_by_channel:
            return ChannelCutter(voice_activity, make_detector)
        return WindowCutter(voice_activity, make_detector())

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


def _cut(cutter: WindowCutter | ChannelCutter, blocks: Iterable[Samples]) -> Iterator[CutWindow]:
    # For this thread alone: its steps are too small to be shared out among processors.
    torch.set_num_threads(1)
    yield from cutter.cut(blocks)


class _CountedSound:
    """The blocks of a recording, counted as they go by."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._first = next(self._blocks)
        self._samples = 0

    @property
    def beginning(self) -> Samples:
        """Return the first block, its channels mixed into one."""
        mixed: Samples = np.atleast_2d(self._first).mean(axis=0)
        return mixed

    @property
    def seconds(self) -> float:
        """Return the length of what went by."""
        return self._samples / SAMPLE_RATE

    def __iter__(self) -> Iterator[Samples]:
        for block in itertools.chain([self._first], self._blocks):
            self._samples += block.shape[-1]
            for start in range(0, block.shape[-1], _SAMPLES_AT_ONCE):
                yield block[..., start : start + _SAMPLES_AT_ONCE]


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
        self.conversation = Conversation(before)
        self.prompt = self._carry_prompt()
        # As `transcribe` does, which takes it for something said just before.
        text = self.prompt.text
        self._prompt_tokens = decoder.tokenizer.encode(f" {text}") if text else []

    def heard(self) -> Heard:
        """Return how far it is."""
        conversation = self.conversation
        return Heard(conversation.seconds, self._language, tuple(conversation.settled))

    def go_through(self, cuts: Iterable[CutWindow]) -> Iterator[None]:
        """Decode the windows that are not done yet, in order, and stop after each."""
        cuts = self.conversation.lacking(cuts)
        if self._options.decoding.condition_on_previous_text:
            for cut in cuts:
                window = self._window(cut, text_before(self.conversation.said_before(cut)))
                self._take(cut, *self._decoder.decode([window], self._window_options))
                yield
            return
        pending: list[CutWindow] = []
        for decoded in self._decoder.decode(self._windows(cuts, pending), self._window_options):
            self._take(pending.pop(0), decoded)
            yield

    def _windows(self, cuts: Iterable[CutWindow], pending: list[CutWindow]) -> Iterator[Window]:
        for cut in cuts:
            # Those that wait for one before them may be many: their sound is not kept.
            pending.append(replace(cut, samples=np.empty(0, np.float32)))
            yield self._window(cut)

    def _window(self, cut: CutWindow, history: Sequence[int] = ()) -> Window:
        room = self._decoder.prompt_budget - len(self._prompt_tokens)
        return Window(
            samples=cut.samples,
            language=self._language.code,
            task=self._options.task,
            prompt_tokens=(*self._prompt_tokens, *(history[-room:] if room > 0 else ())),
            seed=cut.number,
            voices=cut.timeline.voices or None,
        )

    def _take(self, cut: CutWindow, decoded: DecodedWindow) -> None:
        segments = build_segments(
            decoded,
            cut.timeline,
            self._decoder.tokenizer,
            self._options.decoding,
            first_id=len(self.conversation.settled),
        )
        threshold = self._options.decoding.hallucination_silence_threshold
        if threshold is not None:
            said = self.conversation.said_before(cut)
            segments = drop_invented(
                segments,
                reached=said[-1].end if said else -math.inf,
                end=cut.timeline.end / SAMPLE_RATE,
                threshold=threshold,
            )
        self.conversation.add(segments, cut)

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
