"""What a window still holds when its text ends too early, and how its text goes on. Pure.

Whisper at times ends its text after a sentence though more is said after a pause. openai-whisper
takes the rest for silence; where speech is known to be, the text is gone on with from there.

And a text may be longer than Whisper's budget for one: a letter of some scripts takes several
tokens. openai-whisper hears the rest once more, from the last timestamp on; here it is decoded from
there in the same window.
"""

from dataclasses import dataclass, replace

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.cues import find_cues
from waas_job.engine.repetition import compression_ratio
from waas_job.engine.windows import (
    SAMPLES_PER_TIMESTAMP,
    DecodedWindow,
    TextCodec,
    Window,
)
from waas_job.speech.timeline import SAMPLE_RATE

_LEAST_UNTOLD = 3 * SAMPLE_RATE // 2
"""Less than this is a breath, a noise, or how exact Whisper's last timestamp is."""

_PAUSE_BEFORE = SAMPLE_RATE // 5
"""What lies before somebody begins to speak, as at the start of a window."""


@dataclass(frozen=True)
class Told:
    """What the first part of a window came to, and where the second begins."""

    decoded: DecodedWindow
    tokens: tuple[int, ...]
    """Its text, then the time at which it ends and the one from which on there is more."""

    def divided(self, most: int, codec: TextCodec) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return what is said before the rest, as its prompt, and what its text goes on from.

        It goes on from all of a text of up to so many tokens. What is longer or was cut off leaves
        it too little room: then its own text begins with the time alone.
        """
        if len(self.tokens) <= most and not self.decoded.is_cut_off:
            return (), self.tokens
        return tuple(each for each in self.tokens if each < codec.eot), self.tokens[-1:]


def find_untold(window: Window, decoded: DecodedWindow, codec: TextCodec) -> Told | None:
    """Return what was told of a window that holds speech after its last cue; else None.

    Of a text that is cut off the last cue is the one before that. Without a cue, or where the model
    hears silence, another try would come to nothing either.
    """
    tokens = _without_cut_cue(decoded.tokens, codec) if decoded.is_cut_off else decoded.tokens
    cues = find_cues(replace(decoded, tokens=tokens), codec, len(window.samples) / SAMPLE_RATE)
    if decoded.is_silence or not cues:
        return None
    told = round(cues[-1].end * SAMPLE_RATE)
    voices = window.voices
    if voices is None:
        voices = ((0, len(window.samples)),) if decoded.is_cut_off else ()
    untold = [(max(start, told), end) for start, end in voices if end > told]
    if sum(end - start for start, end in untold) < (1 if decoded.is_cut_off else _LEAST_UNTOLD):
        return None
    start = max(told, untold[0][0] - _PAUSE_BEFORE)
    ends_and_goes_on = (_time(told, codec), _time(start, codec))
    return Told(decoded, (*_without_last_times(tokens, codec), *ends_and_goes_on))


def join(
    told: Told, rest: DecodedWindow, options: DecodingOptions, codec: TextCodec
) -> DecodedWindow:
    """Return the whole window's text, without a rest that is no speech or improbable."""
    first = told.decoded
    if rest.is_silence or not rest.text or rest.avg_logprob < options.logprob_threshold:
        return first
    count, more = len(first.tokens), len(rest.tokens)
    tokens = (*told.tokens, *rest.tokens)
    text = codec.decode(tokens).strip()
    return replace(
        first,
        tokens=tokens,
        text=text,
        avg_logprob=(count * first.avg_logprob + more * rest.avg_logprob) / (count + more),
        temperature=max(first.temperature, rest.temperature),
        compression_ratio=compression_ratio(text),
        is_cut_off=rest.is_cut_off,
    )


def _time(samples: int, codec: TextCodec) -> int:
    return codec.timestamp_begin + samples // SAMPLES_PER_TIMESTAMP


def _without_cut_cue(tokens: tuple[int, ...], codec: TextCodec) -> tuple[int, ...]:
    end = len(tokens)
    while end and tokens[end - 1] < codec.timestamp_begin:
        end -= 1
    return tokens[:end]


def _without_last_times(tokens: tuple[int, ...], codec: TextCodec) -> tuple[int, ...]:
    end = len(tokens)
    while end and tokens[end - 1] >= codec.timestamp_begin:
        end -= 1
    return tokens[:end]
