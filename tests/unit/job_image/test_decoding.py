import numpy as np
import pytest

from waas_job.engine.decoding import temperature_ladder


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
