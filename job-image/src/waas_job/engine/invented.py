"""Segments in silence whose words look invented, by openai-whisper's signs. Pure.

This is what `hallucination_silence_threshold` means there; it needs the times of words.
"""

import math
from collections.abc import Sequence
from itertools import groupby

from waas_contract.transcript import Segment, Word

_WORDS_LOOKED_AT = 8
_ANOMALOUS_SCORE = 3
_IMPROBABLE = 0.15
_SHORTEST_SECONDS = 0.133
_COST_OF_SHORTNESS = 15
_LONGEST_SECONDS = 2.0
_NEAR_THE_END = 2.0
"""Whisper's own: what is said so near to its window's end counts as said before a silence."""

_PUNCTUATION = "\"'“¿([{-\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 # Whisper's own


def drop_invented(
    segments: Sequence[Segment], *, reached: float, end: float, threshold: float
) -> tuple[Segment, ...]:
    """Return a window's segments without runs of invented ones that have silence on both sides.

    `reached` is where speech before the window ended, minus infinity where there was none, and
    `end` where the window does.
    """
    runs = [(is_invented, tuple(run)) for is_invented, run in groupby(segments, looks_invented)]
    if segments and end - segments[-1].end < _NEAR_THE_END:
        end = math.inf
    followings = [*(run[0].start for _, run in runs[1:]), end]
    kept: list[Segment] = []
    for (is_invented, run), following in zip(runs, followings, strict=False):
        is_alone = run[0].start - reached >= threshold and following - run[-1].end >= threshold
        if is_invented and is_alone:
            continue
        kept += run
        reached = run[-1].end
    return tuple(kept)


def looks_invented(segment: Segment) -> bool:
    """Tell whether words are improbable, or too short or too long to be spoken."""
    words = [word for word in segment.words or () if word.word.strip() not in _PUNCTUATION]
    first = words[:_WORDS_LOOKED_AT]
    if not first:
        return False
    score = sum(map(_anomaly, first))
    return score >= _ANOMALOUS_SCORE or score + 0.01 >= len(first)


def _anomaly(word: Word) -> float:
    seconds = word.end - word.start
    score = 1.0 if word.probability < _IMPROBABLE else 0.0
    score += max(0.0, _SHORTEST_SECONDS - seconds) * _COST_OF_SHORTNESS
    return score + max(0.0, seconds - _LONGEST_SECONDS)
