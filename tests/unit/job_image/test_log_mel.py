"""The spectrogram of a window is openai-whisper's."""

import numpy as np
import pytest
import torch
import whisper

from support.engine_builders import Sounds
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.protocol import Samples

SOUNDS = {
    "whole": Sounds().draw(30),
    "short": Sounds().draw(0.3),
    "clipped": np.clip(20 * Sounds().draw(7), -1, 1),
    "quiet": 1e-4 * Sounds().draw(12),
    "silent": np.zeros(16_000, np.float32),
    "empty": np.zeros(0, np.float32),
}


@pytest.mark.parametrize("n_mels", [80, 128])
def test_windows_side_by_side_are_as_alone(n_mels: int) -> None:
    together = log_mel_spectrogram(list(SOUNDS.values()), n_mels, torch.device("cpu"))
    assert together.shape == (len(SOUNDS), n_mels, 3000)
    for samples, mel in zip(SOUNDS.values(), together, strict=True):
        assert torch.allclose(mel, reference(samples, n_mels), atol=1e-5)


def reference(samples: Samples, n_mels: int) -> torch.Tensor:
    mel: torch.Tensor = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), n_mels)
    return mel
