import numpy as np
import pytest

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.decoding import decoding_arguments, temperature_ladder


@pytest.mark.parametrize(
    ("first", "increment"),
    [(0, 0.2), (0, 0.3), (0.5, 0.25), (1, 0.2), (0.9, 0.2), (0.1, 0.1), (0, 1), (0, 0.01)],
)
def test_ladder_is_that_of_whispers_command_line(first: float, increment: float) -> None:
    # As whisper.transcribe.cli builds it.
    expected = np.arange(first, 1.0 + 1e-6, increment)
    np.testing.assert_allclose(temperature_ladder(first, increment), expected, atol=1e-5)


def test_without_an_increment_there_is_a_single_try() -> None:
    assert temperature_ladder(0.4, 0) == (0.4,)


def test_defaults_are_those_of_whispers_command_line() -> None:
    arguments = decoding_arguments(DecodingOptions())
    assert arguments == {
        "temperature": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        "best_of": 5,
        "beam_size": None,
        "patience": None,
        "length_penalty": None,
        "suppress_tokens": "-1",
        # The only two that differ there: True, and 5 beams.
        "condition_on_previous_text": False,
        "compression_ratio_threshold": 2.4,
        "logprob_threshold": -1.0,
        "no_speech_threshold": 0.6,
        "hallucination_silence_threshold": None,
    }


def test_every_option_reaches_whisper() -> None:
    mentioned = {*decoding_arguments(DecodingOptions()), "temperature_increment_on_fallback"}
    # They are a part of the prompt.
    assert mentioned | {"hotwords"} == set(DecodingOptions.model_fields)


def test_tokens_are_named_as_text() -> None:
    options = DecodingOptions(suppress_tokens=(-1, 50257))
    assert decoding_arguments(options)["suppress_tokens"] == "-1,50257"
    assert decoding_arguments(DecodingOptions(suppress_tokens=()))["suppress_tokens"] == ""
