"""What a window still holds when its text ends too early, and how its text goes on. Pure.

Whisper at times ends its text after a sentence though more is said after a pause. openai-whisper
takes the rest for silence; where speech is known to be, the text is gone on with from there.
"""

from dataclasses import dataclass, replace

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.cues import find_cues
from waas_job.engine.repetition import compression_ratio
from waas_job.engine.windows import (
    SAMPLE_RATE,
    SAMPLES_PER_TIMESTAMP,
    DecodedWindow,
    TextCodec,
    Window,
)

_LEAST_UNTOLD_SECONDS = 1.5
"""Less than this is a breath, a noise, or how exact Whisper's last timestamp is."""

_PAUSE_BEFORE = SAMPLE_RATE // 5
"""What lies before somebody begins to speak, as at the start of a window."""


@dataclass(frozen=True)
class Told:
    """What the first part of a window came to, and where the second begins."""

    decoded: DecodedWindow
    tokens: tuple[int, ...]
    """Its text, then the time at which it ends and the one from which on there is more."""


def find_untold(window: Window, decoded: DecodedWindow, codec: TextCodec) -> Told | None:
    """Return what was told of a window that holds speech after its last cue; else None.

    Without a text, or where the model hears silence, another try would come to nothing either.
    """
    cues = find_cues(decoded, codec, len(window.samples) / SAMPLE_RATE)
    if decoded.is_silence or not cues:
        return None
    told = round(cues[-1].end * SAMPLE_RATE)
    untold = [(max(start, told), end) for start, end in window.voices if end > told]
    if sum(end - start for start, end in untold) < _LEAST_UNTOLD_SECONDS * SAMPLE_RATE:
        return None
    start = max(told, untold[0][0] - _PAUSE_BEFORE)
    ends_and_goes_on = (_time(told, codec), _time(start, codec))
    return Told(decoded, (*_without_last_times(decoded.tokens, codec), *ends_and_goes_on))


def join(told: Told, rest: DecodedWindow, options: DecodingOptions) -> DecodedWindow:
    """Return the whole window's text, without a rest that is no speech or improbable."""
    first = told.decoded
    if rest.is_silence or not rest.text or rest.avg_logprob < options.logprob_threshold:
        return first
    count, more = len(first.tokens), len(rest.tokens)
    text = f"{first.text} {rest.text}"
    return replace(
        first,
        tokens=(*told.tokens, *rest.tokens),
        text=text,
        avg_logprob=(count * first.avg_logprob + more * rest.avg_logprob) / (count + more),
        temperature=max(first.temperature, rest.temperature),
        compression_ratio=compression_ratio(text),
    )


def _time(samples: int, codec: TextCodec) -> int:
    return codec.timestamp_begin + samples // SAMPLES_PER_TIMESTAMP


def _without_last_times(tokens: tuple[int, ...], codec: TextCodec) -> tuple[int, ...]:
    end = len(tokens)
    while end and tokens[end - 1] >= codec.timestamp_begin:
        end -= 1
    return tokens[:end]
