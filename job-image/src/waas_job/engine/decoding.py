"""A spec's decoding options as openai-whisper's `transcribe` takes them. Pure."""

import math
from typing import Any

from waas_contract.transcription_options import DecodingOptions


def decoding_arguments(options: DecodingOptions) -> dict[str, Any]:
    """Return the keyword arguments; each means what it means there."""
    return {
        "temperature": temperature_ladder(
            options.temperature, options.temperature_increment_on_fallback
        ),
        "best_of": options.best_of,
        "beam_size": options.beam_size,
        "patience": options.patience,
        "length_penalty": options.length_penalty,
        # As text: to a list `transcribe` would add its own tokens, window after window.
        "suppress_tokens": ",".join(map(str, options.suppress_tokens)),
        "condition_on_previous_text": options.condition_on_previous_text,
        "compression_ratio_threshold": options.compression_ratio_threshold,
        "logprob_threshold": options.logprob_threshold,
        "no_speech_threshold": options.no_speech_threshold,
        "hallucination_silence_threshold": options.hallucination_silence_threshold,
    }


def temperature_ladder(first: float, increment: float) -> tuple[float, ...]:
    """Return the temperatures that are tried one after the other, as Whisper's command line does.

    The next one is tried where a window came out repetitive or improbable.
    """
    if not increment:
        return (first,)
    # Steps such as 0.2 are a little off in binary: the last one, at 1, counts nevertheless.
    steps = math.floor((1 - first) / increment + 1e-6)
    return tuple(round(first + step * increment, 6) for step in range(steps + 1))
