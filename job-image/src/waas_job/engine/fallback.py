"""When a window is decoded again at a higher temperature, and when it is silence. Pure."""

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.repetition import goes_in_circles, letters_of
from waas_job.engine.windows import DecodedWindow


def is_silence(no_speech_prob: float, avg_logprob: float, options: DecodingOptions) -> bool:
    """Tell whether the model hears silence and is not sure of its text either."""
    return (
        no_speech_prob > options.no_speech_threshold and not avg_logprob > options.logprob_threshold
    )


def is_meant(first: DecodedWindow, again: DecodedWindow, options: DecodingOptions) -> bool:
    """Tell whether a text that goes in circles is what was said: a try by lot came to its words.

    openai-whisper would go up its whole ladder, and take what the last of its lots gave.
    """
    return (
        not first.is_cut_off
        and first.avg_logprob >= options.logprob_threshold
        and letters_of(first.text) == letters_of(again.text)
    )


def needs_fallback(decoded: DecodedWindow, options: DecodingOptions) -> bool:
    """Tell whether the text goes in circles or is improbable; silence needs no other try."""
    if (
        decoded.no_speech_prob > options.no_speech_threshold
        and decoded.avg_logprob < options.logprob_threshold
    ):
        return False
    return (
        goes_in_circles(decoded.text, options.compression_ratio_threshold)
        or decoded.avg_logprob < options.logprob_threshold
    )
