"""The log-mel spectrogram of windows, as section 2.2 of the Whisper paper defines it."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from waas_job.engine.protocol import Samples
from waas_job.engine.tokenizer import find_asset
from waas_job.engine.windows import WINDOW_SAMPLES

HOP_LENGTH = 160  # 10 ms: 3000 frames in a window
_N_FFT = 400  # 25 ms
_FLOOR = 1e-10
_DYNAMIC_RANGE = 8.0  # in powers of ten below the window's loudest point


def log_mel_spectrogram(windows: Sequence[Samples], n_mels: int, device: torch.device) -> Tensor:
    """Return [windows, n_mels, 3000]; each window is filled with silence and scaled by itself."""
    filled = np.zeros((len(windows), WINDOW_SAMPLES), np.float32)
    for row, samples in zip(filled, windows, strict=True):
        row[: len(samples)] = samples
    sound = torch.from_numpy(filled).to(device)
    hann = torch.hann_window(_N_FFT, device=device)
    spectrum = torch.stft(sound, _N_FFT, HOP_LENGTH, window=hann, return_complex=True)
    power = spectrum[..., :-1].abs() ** 2
    mel = _mel_filters(n_mels, device) @ power
    log_mel = mel.clamp(min=_FLOOR).log10()
    loudest = log_mel.amax(dim=(1, 2), keepdim=True)
    return (torch.maximum(log_mel, loudest - _DYNAMIC_RANGE) + 4.0) / 4.0


@cache
def _mel_filters(n_mels: int, device: torch.device) -> Tensor:
    """Return [n_mels, 201], the filters that the models were trained with."""
    with np.load(find_asset("mel_filters.npz"), allow_pickle=False) as filters:
        return torch.from_numpy(filters[f"mel_{n_mels}"]).to(device)
