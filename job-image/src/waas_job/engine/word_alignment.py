"""When each word of a window was spoken: where the attention of some heads was, token by token."""

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.decoder import Heard, OwnPast, causal_mask
from waas_job.engine.model import WhisperModel
from waas_job.engine.time_warping import warp
from waas_job.engine.windows import (
    SAMPLES_PER_TIMESTAMP,
    SECONDS_PER_TIMESTAMP,
    Window,
    WindowWord,
)
from waas_job.engine.word_punctuation import merge_punctuation

_FILTER_WIDTH = 7


def align_words(
    model: WhisperModel, heard: Heard, window: Window, tokens: tuple[int, ...]
) -> tuple[WindowWord, ...]:
    """Return the words of a window's text with their times.

    The text is read once more, all at once and without timestamps, and the cross-attention of the
    alignment heads is warped into a monotonic way through the sound.
    """
    tokenizer = model.tokenizer
    text = tuple(token for token in tokens if token < tokenizer.eot)
    # The end is a word of its own, which nobody wants to see.
    words = tokenizer.split_to_words((*text, tokenizer.eot), window.language)[:-1]
    if not words:
        return ()
    start = tokenizer.start_sequence(window.language, window.task, without_timestamps=False)
    # There is room for the start and for as long a text as is ever decoded.
    probabilities, attention = _read(model, heard, start, text)
    positions = max(1, len(window.samples) // SAMPLES_PER_TIMESTAMP)
    jumps = _find_jumps(attention[:, :, :positions], len(start))
    ends = np.cumsum([len(its) for _, its in words])
    return merge_punctuation(
        [
            WindowWord(
                text=word,
                tokens=its,
                start=float(jumps[end - len(its)]),
                end=float(jumps[end]),
                probability=float(np.mean(probabilities[end - len(its) : end])),
            )
            for (word, its), end in zip(words, ends, strict=True)
        ]
    )


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
