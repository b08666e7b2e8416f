"""Our own Whisper: many windows at once, each decoded as openai-whisper decodes it alone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import length_hint

import torch

from waas_contract.manifest import EngineFacts
from waas_job.engine.lane import Lane, NumberedWindow
from waas_job.engine.lanes import Lanes
from waas_job.engine.language_detection import detect_language
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.model import WhisperModel
from waas_job.engine.protocol import Language, Samples
from waas_job.engine.sizing import BatchSize
from waas_job.engine.tokenizer import Tokenizer
from waas_job.engine.windows import WINDOW_SAMPLES, DecodedWindow, Window, WindowOptions
from waas_job.errors import BadConfiguration

_ROUNDS_UNDER_WAY = 8
"""Batches of windows begun and not given yet: while a lane tries one again, the others go on with
those after it. What waits for its turn is text alone."""


class BatchedWhisper:
    """A WindowDecoder on torch."""

    def __init__(self, model: WhisperModel, facts: EngineFacts, size: BatchSize) -> None:
        self._model = model
        self._facts = facts
        self._size = size

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
        model = self._model
        if not model.dimensions.is_multilingual:
            raise BadConfiguration(
                f"The model '{self._facts.model}' knows English alone and cannot tell languages."
            )
        torch.set_num_threads(self._size.threads)
        mel = log_mel_spectrogram([samples[:WINDOW_SAMPLES]], model.dimensions.n_mels, model.device)
        return detect_language(model, model.encoder(mel))

    def decode(self, windows: Iterable[Window], options: WindowOptions) -> Iterator[DecodedWindow]:
        """Decode windows as they come and give them back in their order."""
        self._require_tokens(options.decoding.suppress_tokens)
        numbered = (
            NumberedWindow(index, self._require_language(window))
            for index, window in enumerate(windows)
        )
        # One by one, as windows come that hang on the text before, they need no room for others.
        size = self._size.limited(length_hint(windows, self._size.windows))
        # A lane that finds no window to begin with would leave its processor idle.
        first = list(islice(numbered, size.lanes))
        count = max(1, len(first))
        torch.set_num_threads(max(1, size.threads // count))
        lanes = [Lane(self._model, options, size) for _ in range(count)]
        with Lanes(
            lanes,
            taken_at_once=size.encoded_together,
            most_under_way=_ROUNDS_UNDER_WAY * size.windows * count,
        ) as running:
            yield from running.decode(first, numbered)

    def _require_language(self, window: Window) -> Window:
        if self._model.dimensions.is_multilingual and window.language not in self.languages:
            raise BadConfiguration(
                f"The model '{self._facts.model}' does not know the language '{window.language}'."
            )
        return window

    def _require_tokens(self, token_ids: Sequence[int]) -> None:
        if unknown := [each for each in token_ids if each >= self.token_count]:
            raise BadConfiguration(
                f"suppressTokens names {unknown[0]}, and the tokens of the model "
                f"'{self._facts.model}' end at {self.token_count - 1}."
            )
