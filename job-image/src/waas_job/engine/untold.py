"""What a window still holds when its text ends too early, and how both texts become one. Pure.

Whisper at times ends its text after a sentence though more is said after a pause. openai-whisper
takes the rest for silence; where speech is known to be, it is heard once more from there on.
"""

from dataclasses import dataclass, replace

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.cues import find_cues
from waas_job.engine.fallback import compression_ratio
from waas_job.engine.windows import (
    SAMPLE_RATE,
    SAMPLES_PER_TIMESTAMP,
    WINDOW_SAMPLES,
    DecodedWindow,
    TextCodec,
    Window,
    WindowWord,
)

_LEAST_UNTOLD_SECONDS = 1.5
"""Less than this is a breath, a noise, or how exact Whisper's last timestamp is."""

_PAUSE_BEFORE = SAMPLE_RATE // 5
"""What a rest has before somebody begins to speak, as a window does."""


@dataclass(frozen=True)
class Told:
    """What the first part of a window came to."""

    decoded: DecodedWindow
    place: int
    """Where in the window its rest begins, in samples."""


def find_rest(window: Window, decoded: DecodedWindow, codec: TextCodec) -> int | None:
    """Return the place in samples from which on a window's speech is in no cue, if there is any.

    Without a text, or where the model hears silence, another try would come to nothing either.
    """
    seconds = len(window.samples) / SAMPLE_RATE
    cues = find_cues(replace(decoded, words=None), codec, seconds)
    if decoded.is_silence or not cues:
        return None
    told = round(cues[-1].end * SAMPLE_RATE)
    untold = [(max(start, told), end) for start, end in window.voices if end > told]
    if sum(end - start for start, end in untold) < _LEAST_UNTOLD_SECONDS * SAMPLE_RATE:
        return None
    start = max(told, untold[0][0] - _PAUSE_BEFORE)
    return start - start % SAMPLES_PER_TIMESTAMP


def cut_rest(window: Window, place: int) -> Window:
    """Return a window of what lies after a place."""
    voices = tuple(
        (max(start - place, 0), end - place) for start, end in window.voices if end > place
    )
    return replace(window, samples=window.samples[place:], voices=voices)


def join(
    told: Told, rest: DecodedWindow, codec: TextCodec, options: DecodingOptions
) -> DecodedWindow:
    """Return the whole window's text, without a rest that is no speech or improbable."""
    first = told.decoded
    if rest.is_silence or not rest.text or rest.avg_logprob < options.logprob_threshold:
        return first
    count, more = len(first.tokens), len(rest.tokens)
    text = f"{first.text} {rest.text}"
    return replace(
        first,
        tokens=(*first.tokens, *_later(rest.tokens, told.place, codec)),
        text=text,
        avg_logprob=(count * first.avg_logprob + more * rest.avg_logprob) / (count + more),
        temperature=max(first.temperature, rest.temperature),
        compression_ratio=compression_ratio(text),
        words=_join_words(first.words, rest.words, told.place / SAMPLE_RATE),
    )


def _later(tokens: tuple[int, ...], place: int, codec: TextCodec) -> tuple[int, ...]:
    """Move timestamps from a rest's time into its window's; text stays."""
    begin = codec.timestamp_begin
    last = begin + WINDOW_SAMPLES // SAMPLES_PER_TIMESTAMP
    moved = place // SAMPLES_PER_TIMESTAMP
    later = tuple(min(each + moved, last) if each >= begin else each for each in tokens)
    # Text that no timestamp goes before begins with the rest, and not where the first part ends.
    return later if later[:1] and later[0] >= begin else (begin + moved, *later)


def _join_words(
    first: tuple[WindowWord, ...] | None, rest: tuple[WindowWord, ...] | None, seconds: float
) -> tuple[WindowWord, ...] | None:
    if first is None or rest is None:
        return None
    moved = (replace(each, start=each.start + seconds, end=each.end + seconds) for each in rest)
    return (*first, *moved)
