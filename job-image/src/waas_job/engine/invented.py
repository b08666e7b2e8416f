"""Segments in silence whose words look invented, by openai-whisper's signs. Pure.

This is what `hallucination_silence_threshold` means there; it needs the times of words.
"""

from collections.abc import Sequence

from waas_contract.transcript import Segment, Word

_WORDS_LOOKED_AT = 8
_ANOMALOUS_SCORE = 3
_IMPROBABLE = 0.15
_SHORTEST_SECONDS = 0.133
_COST_OF_SHORTNESS = 15
_LONGEST_SECONDS = 2.0
_PUNCTUATION = "\"'“¿([{-\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 # Whisper's own


def drop_invented(
    segments: Sequence[Segment], *, reached: float, end: float, threshold: float
) -> tuple[Segment, ...]:
    """Return a window's segments without invented ones that have silence on both sides.

    `reached` is where speech before the window ended, `end` where the window does.
    """
    kept: list[Segment] = []
    for number, segment in enumerate(segments):
        following = segments[number + 1].start if number + 1 < len(segments) else end
        is_alone = segment.start - reached >= threshold and following - segment.end >= threshold
        if is_alone and looks_invented(segment):
            continue
        kept.append(segment)
        reached = segment.end
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
