"""openai-whisper's decoding of one window, and how sure it was where another text parts from it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import whisper
from whisper.decoding import DecodingOptions, DecodingResult, DecodingTask

from waas_job.engine.windows import Window


@dataclass(frozen=True)
class Reference:
    """OpenAI's own code with a model."""

    model: whisper.Whisper

    def decode(
        self, window: Window, *, without_timestamps: bool, beam_size: int | None = None
    ) -> DecodingResult:
        """Return what it makes of a window."""
        options = self._options(window, without_timestamps, beam_size)
        result = self.model.decode(_mel(window), options)
        if not isinstance(result, DecodingResult):
            raise TypeError("a single window gives a single result")
        return result

    @torch.no_grad()
    def gap_after(
        self, window: Window, tokens: Sequence[int], *, without_timestamps: bool
    ) -> float:
        """Return by how much its likeliest next token leads, after some of a window's tokens."""
        task = DecodingTask(self.model, self._options(window, without_timestamps, None))
        prefix = torch.tensor([[*task.initial_tokens, *tokens]])
        logits = self.model.logits(prefix, self.model.embed_audio(_mel(window)[None]))[:, -1]
        for rule in task.logit_filters:
            rule.apply(logits, prefix)
        first, second = logits[0].topk(2).values.tolist()
        return float(first - second)

    def _options(
        self, window: Window, without_timestamps: bool, beam_size: int | None
    ) -> DecodingOptions:
        return DecodingOptions(
            fp16=False,
            language=window.language,
            task=window.task.value,
            prompt=list(window.prompt_tokens) or None,
            without_timestamps=without_timestamps,
            beam_size=beam_size,
        )


def load_reference(path: Path) -> Reference:
    """Load a checkpoint."""
    with warnings.catch_warnings():
        # Its tokenizer leaves its file to be closed.
        warnings.simplefilter("ignore", ResourceWarning)
        model = whisper.load_model(str(path), device="cpu")
        whisper.tokenizer.get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
    return Reference(model)


def _mel(window: Window) -> torch.Tensor:
    mel: torch.Tensor = whisper.log_mel_spectrogram(whisper.pad_or_trim(window.samples))
    return mel
