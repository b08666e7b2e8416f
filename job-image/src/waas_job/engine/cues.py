"""From a window's tokens to its cues: text between two timestamps, in the window's time. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from waas_job.engine.windows import (
    SECONDS_PER_TIMESTAMP,
    DecodedWindow,
    TextCodec,
    WindowWord,
)


@dataclass(frozen=True)
class Cue:
    """Text with its time; seconds from the start of the window."""

    start: float
    end: float
    tokens: tuple[int, ...]
    """Text alone, without timestamps."""

    words: tuple[WindowWord, ...] | None = None
    """None where words were not timed."""


def find_cues(decoded: DecodedWindow, codec: TextCodec, seconds: float) -> tuple[Cue, ...]:
    """Return the cues of a window of so many seconds, in order.

    Text before the first timestamp begins with the window, and text after the last one goes on to
    its end: nothing that was heard is left out.
    """
    cues = tuple(
        replace(cue, start=min(cue.start, seconds), end=min(cue.end, seconds))
        for cue in between_timestamps(decoded.tokens, codec, seconds)
    )
    return cues if decoded.words is None else tuple(_with_words(cues, decoded.words))


def between_timestamps(tokens: Iterable[int], codec: TextCodec, seconds: float) -> Iterator[Cue]:
    """Yield the text between each two timestamps, the last one as far as the window goes."""
    start, text = 0.0, list[int]()
    for token in tokens:
        if token < codec.eot:
            text.append(token)
        elif token >= codec.timestamp_begin:
            time = (token - codec.timestamp_begin) * SECONDS_PER_TIMESTAMP
            if text:
                yield Cue(start, max(start, time), tuple(text))
            start, text = max(start, time), []
    if text:
        yield Cue(start, seconds, tuple(text))


def _with_words(cues: Iterable[Cue], words: Sequence[WindowWord]) -> Iterator[Cue]:
    """Give each cue its words; one that goes on over a timestamp is its first cue's."""
    taken = used = 0
    for cue in cues:
        taken += len(cue.tokens)
        own: list[WindowWord] = []
        while words and used < taken:
            word, words = words[0], words[1:]
            used += len(word.tokens)
            own.append(word)
        if not own:
            continue
        yield Cue(
            cue.start, cue.end, tuple(token for word in own for token in word.tokens), tuple(own)
        )
