"""Our own Whisper: many windows at once, each decoded as openai-whisper decodes it alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from waas_contract.manifest import EngineFacts
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.batch import DecodingBatch, Entrant, Finished
from waas_job.engine.beam_search import BeamSearchDecoder
from waas_job.engine.decoding import temperature_ladder
from waas_job.engine.fallback import compression_ratio, is_silence, needs_fallback
from waas_job.engine.language_detection import detect_language
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.model import WhisperModel
from waas_job.engine.protocol import Language, Samples
from waas_job.engine.sampling import GreedyDecoder, SamplingDecoder, TokenDecoder
from waas_job.engine.tokenizer import Tokenizer
from waas_job.engine.windows import (
    WINDOW_SAMPLES,
    DecodedWindow,
    Window,
    WindowOptions,
)
from waas_job.engine.word_alignment import align_words
from waas_job.errors import BadConfiguration


@dataclass(frozen=True)
class _Encoded:
    index: int
    window: Window
    features: Tensor
    """[1, 1500, width], from which it can be decoded again."""


class BatchedWhisper:
    """A WindowDecoder on torch."""

    def __init__(self, model: WhisperModel, facts: EngineFacts, *, windows: int) -> None:
        self._model = model
        self._facts = facts
        self._windows = windows

    @property
    def facts(self) -> EngineFacts:
        """What it is, for the manifest."""
        return self._facts

    @property
    def tokenizer(self) -> Tokenizer:
        """What makes tokens of prompts."""
        return self._model.tokenizer

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the codes it knows."""
        return self._model.tokenizer.languages

    @property
    def prompt_budget(self) -> int:
        """Return how many tokens of a prompt it takes."""
        return self._model.dimensions.prompt_budget

    @property
    def token_count(self) -> int:
        """Return how many tokens it knows."""
        return self._model.dimensions.n_vocab

    @torch.inference_mode()
    def detect_language(self, samples: Samples) -> Language:
        """Return the language of the first window."""
        if not self._model.dimensions.is_multilingual:
            raise BadConfiguration(
                f"The model '{self._facts.model}' knows English alone and cannot tell languages."
            )
        return detect_language(self._model, self._encode([samples[:WINDOW_SAMPLES]]))

    def decode(self, windows: Iterable[Window], options: WindowOptions) -> Iterator[DecodedWindow]:
        """Decode windows as they come and give them back in their order."""
        self._require_tokens(options.decoding.suppress_tokens)
        ready: dict[int, DecodedWindow] = {}
        following = 0
        for index, decoded in self._decode(enumerate(windows), options):
            ready[index] = decoded
            while following in ready:
                yield ready.pop(following)
                following += 1

    def _decode(
        self, windows: Iterator[tuple[int, Window]], options: WindowOptions
    ) -> Iterator[tuple[int, DecodedWindow]]:
        ladder = temperature_ladder(
            options.decoding.temperature, options.decoding.temperature_increment_on_fallback
        )
        failed: list[_Encoded] = []
        yield from self._pass(map(self._prepare, windows), options, ladder[0], failed, ladder[1:])
        for at, temperature in enumerate(ladder[1:], 1):
            again, failed = failed, []
            yield from self._pass(iter(again), options, temperature, failed, ladder[at + 1 :])

    def _prepare(self, numbered: tuple[int, Window]) -> _Encoded:
        index, window = numbered
        with torch.inference_mode():
            return _Encoded(index, window, self._encode([window.samples]))

    def _pass(
        self,
        windows: Iterator[_Encoded],
        options: WindowOptions,
        temperature: float,
        failed: list[_Encoded],
        higher: Sequence[float],
    ) -> Iterator[tuple[int, DecodedWindow]]:
        batch = self._build_batch(options, temperature)
        waiting: dict[int, _Encoded] = {}
        while True:
            with torch.inference_mode():
                while batch.room and (encoded := next(windows, None)):
                    waiting[encoded.index] = encoded
                    batch.admit([self._enter(encoded, options)])
                if not waiting:
                    return
                done = []
                for finished in batch.run():
                    encoded = waiting.pop(finished.index)
                    decoded = self._describe(finished, temperature, options.decoding)
                    if higher and needs_fallback(decoded, options.decoding):
                        failed.append(encoded)
                        continue
                    if options.word_timestamps:
                        words = align_words(
                            self._model, finished.heard, encoded.window, decoded.tokens
                        )
                        decoded = replace(decoded, words=words)
                    done.append((finished.index, decoded))
            yield from done

    def _build_batch(self, options: WindowOptions, temperature: float) -> DecodingBatch:
        decoding, tokenizer = options.decoding, self._model.tokenizer
        filters = LogitFilters(
            tokenizer,
            suppressed=tokenizer.suppressed_tokens(decoding.suppress_tokens),
            without_timestamps=options.without_timestamps,
            device=self._model.device,
        )
        return DecodingBatch(
            self._model,
            filters,
            _build_token_decoder(tokenizer, decoding, temperature),
            windows=self._windows,
            length_penalty=decoding.length_penalty,
        )

    def _enter(self, encoded: _Encoded, options: WindowOptions) -> Entrant:
        tokenizer, window = self._model.tokenizer, encoded.window
        start = tokenizer.start_sequence(
            window.language, window.task, without_timestamps=options.without_timestamps
        )
        prompt = tuple(window.prompt_tokens)[-self.prompt_budget :]
        return Entrant(
            encoded.index,
            self._model.decoder.hear(encoded.features),
            (tokenizer.sot_prev, *prompt, *start) if prompt else start,
            window.seed,
        )

    def _encode(self, samples: Sequence[Samples]) -> Tensor:
        model = self._model
        return model.encoder(log_mel_spectrogram(samples, model.dimensions.n_mels, model.device))

    def _describe(
        self, finished: Finished, temperature: float, options: DecodingOptions
    ) -> DecodedWindow:
        text = self._model.tokenizer.decode(finished.text.tokens).strip()
        return DecodedWindow(
            tokens=finished.text.tokens,
            text=text,
            avg_logprob=finished.text.avg_logprob,
            no_speech_prob=finished.no_speech_prob,
            temperature=temperature,
            compression_ratio=compression_ratio(text),
            is_silence=is_silence(finished.no_speech_prob, finished.text.avg_logprob, options),
        )

    def _require_tokens(self, token_ids: Sequence[int]) -> None:
        if unknown := [each for each in token_ids if each >= self.token_count]:
            raise BadConfiguration(
                f"suppressTokens names {unknown[0]}, and the tokens of the model "
                f"'{self._facts.model}' end at {self.token_count - 1}."
            )


def _build_token_decoder(
    tokenizer: Tokenizer, options: DecodingOptions, temperature: float
) -> TokenDecoder:
    if temperature > 0:
        return SamplingDecoder(tokenizer, temperature, options.best_of)
    if options.beam_size is not None:
        return BeamSearchDecoder(tokenizer, options.beam_size, options.patience)
    return GreedyDecoder(tokenizer)
