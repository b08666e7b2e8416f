"""When each word of a window was spoken: where the attention of some heads was, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_contract.transcription_job import Task
from waas_job.engine.cues import between_timestamps
from waas_job.engine.decoder import Heard, OwnPast, causal_mask
from waas_job.engine.model import WhisperModel
from waas_job.engine.time_warping import warp
from waas_job.engine.windows import (
    SAMPLES_PER_TIMESTAMP,
    SECONDS_PER_TIMESTAMP,
    TextCodec,
    Window,
    WindowWord,
)
from waas_job.engine.word_punctuation import merge_punctuation
from waas_job.engine.word_splitting import UNSPACED_LANGUAGES, split_to_words

_FILTER_WIDTH = 7


def align_words(
    model: WhisperModel, heard: Heard, window: Window, tokens: tuple[int, ...]
) -> tuple[WindowWord, ...]:
    """Return the words of a window's text with their times.

    The text is read once more, all at once and without timestamps, and the cross-attention of the
    alignment heads is warped into a monotonic way through the sound. One that was gone on with may
    be too long for that: then it is read in parts.
    """
    start = model.tokenizer.start_sequence(window.language, window.task, without_timestamps=False)
    # There is room for the start and for as long a text as is ever decoded at once.
    most = model.dimensions.sample_budget(len(start))
    return merge_punctuation(
        [
            word
            for part in _divide(model.tokenizer, window, tokens, most)
            for word in _align(model, heard, window, start, part)
        ]
    )


@dataclass(frozen=True)
class _Part:
    text: tuple[int, ...]
    """Tokens without timestamps."""

    first: int
    """The position of the encoder from which on it is heard."""

    end: int


def _divide(codec: TextCodec, window: Window, tokens: Sequence[int], most: int) -> list[_Part]:
    """Return the text in parts of so many tokens, cut between cues."""
    positions = max(1, len(window.samples) // SAMPLES_PER_TIMESTAMP)
    texts, firsts = [tuple[int, ...]()], [0]
    for cue in between_timestamps(tokens, codec, positions * SECONDS_PER_TIMESTAMP):
        if texts[-1] and len(texts[-1]) + len(cue.tokens) > most:
            texts.append(())
            firsts.append(min(round(cue.start / SECONDS_PER_TIMESTAMP), positions - 1))
        texts[-1] += cue.tokens
    return [
        _Part(text, first, max(first + 1, end))
        for text, (first, end) in zip(texts, pairwise([*firsts, positions]), strict=True)
    ]


def _align(
    model: WhisperModel, heard: Heard, window: Window, start: tuple[int, ...], part: _Part
) -> list[WindowWord]:
    # A translation is in English.
    written = "en" if window.task is Task.TRANSLATE else window.language
    words = split_to_words(
        ((token, model.tokenizer.bytes_of(token)) for token in part.text),
        has_spaces=written not in UNSPACED_LANGUAGES,
    )
    if not words:
        return []
    probabilities, attention = _read(model, heard, start, part.text)
    jumps = _find_jumps(attention[:, :, part.first : part.end], len(start))
    jumps += part.first * SECONDS_PER_TIMESTAMP
    ends = np.cumsum([len(its) for _, its in words])
    return [
        WindowWord(
            text=word,
            tokens=its,
            start=float(jumps[end - len(its)]),
            end=float(jumps[end]),
            probability=float(np.mean(probabilities[end - len(its) : end])),
        )
        for (word, its), end in zip(words, ends, strict=True)
    ]


def _read(
    model: WhisperModel, heard: Heard, start: tuple[int, ...], text: tuple[int, ...]
) -> tuple[list[float], Tensor]:
    """Return each text token's probability, and [heads, tokens, 1500] of attention."""
    tokenizer = model.tokenizer
    tokens = torch.tensor(
        [[*start, tokenizer.no_timestamps, *text, tokenizer.eot]], device=model.device
    )
    count = tokens.shape[1]
    hidden, attention = model.decoder(
        tokens,
        torch.arange(count, device=model.device)[None],
        heard,
        OwnPast(),
        causal_mask(count, model.device, model.dtype),
        watched=model.alignment_heads,
    )
    before = hidden[0, len(start) : len(start) + len(text)]
    logits = model.decoder.logits(before)[:, : tokenizer.eot]
    chosen = logits.gather(1, tokens[0, len(start) + 1 : -1, None])[:, 0]
    probabilities: list[float] = (chosen - logits.logsumexp(dim=1)).exp().tolist()
    return probabilities, torch.cat(attention)


def _find_jumps(attention: Tensor, start: int) -> npt.NDArray[np.floating]:
    """Return when each token begins, and when the last one ends, in seconds."""
    weights = attention.softmax(dim=-1)
    # Where a frame draws all tokens alike it tells nothing: what counts is how far it stands out.
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, correction=0)
    # In a window of a few positions the tokens may not differ at all.
    contrast = torch.nan_to_num((weights - mean) / deviation)
    standing_out = _median_filter(contrast).mean(dim=0)
    rows, columns = warp(-standing_out[start:-1].double().cpu().numpy())
    is_first = np.diff(rows, prepend=-1) > 0
    return columns[is_first] * SECONDS_PER_TIMESTAMP


def _median_filter(x: Tensor) -> Tensor:
    """Return the median of each position and its neighbours, the ends mirrored."""
    reach = _FILTER_WIDTH // 2
    if x.shape[-1] <= reach:
        return x
    neighbours = F.pad(x, (reach, reach), mode="reflect").unfold(-1, _FILTER_WIDTH, 1)
    return neighbours.median(dim=-1).values
