"""Silero's detector of speech, many moments at once.

Its package runs one moment after the other; here the part that looks at a moment alone takes all of
them together, and only the memory between them goes step by step. The weights are the package's.
Importing the package itself would set torch's threads.
"""

import importlib.util
import warnings
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from waas_job.engine.protocol import Samples
from waas_job.errors import InternalError
from waas_job.speech.cutting_places import Floats
from waas_job.speech.timeline import SAMPLE_RATE
from waas_job.speech.voices import FRAME

# The network misses quiet voices, and takes no noise for one however loud it is made.
_LOUD = 0.25
_MOST_GAIN = 100.0
_LEVEL_KEPT = 0.5 ** (FRAME / (20 * SAMPLE_RATE))
"""Of the level, from one moment to the next: it halves in twenty seconds."""

_CONTEXT = 64
_FREQUENCIES = 129
_STRIDE = 128
_WIDTH = 128


class SileroNetwork(nn.Module):
    """Spectrum of a moment, four convolutions over it, memory, probability."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.register_buffer("fourier", state["stft.forward_basis_buffer"])
        self.convolutions = nn.ModuleList(
            _convolution(state, f"encoder.{number}.reparam_conv", stride)
            for number, stride in enumerate((1, 2, 2, 1))
        )
        self.memory = nn.LSTM(_WIDTH, _WIDTH)
        self.memory.load_state_dict(
            {
                f"{name}_l0": state[f"decoder.rnn.{name}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
        )
        self.last = _convolution(state, "decoder.decoder.2", 1)

    def forward(
        self, moments: Tensor, memory: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the probabilities of moments x samples, and what is remembered of them."""
        sound = functional.pad(moments, (0, _CONTEXT), mode="reflect").unsqueeze(1)
        spectrum = functional.conv1d(sound, self.get_buffer("fourier"), stride=_STRIDE)
        real, imaginary = spectrum[:, :_FREQUENCIES], spectrum[:, _FREQUENCIES:]
        seen = torch.sqrt(real**2 + imaginary**2)
        for convolution in self.convolutions:
            seen = functional.relu(convolution(seen))
        remembered, memory = self.memory(seen.squeeze(-1), memory)
        logits: Tensor = self.last(functional.relu(remembered).unsqueeze(-1))
        return torch.sigmoid(logits).reshape(-1), memory


class SpeechDetector:
    """Hears one recording from its start to its end, and what is quiet louder than it is."""

    def __init__(self, network: SileroNetwork) -> None:
        self._network = network
        self._context = torch.zeros(_CONTEXT)
        self._memory: tuple[Tensor, Tensor] | None = None
        self._level = 0.0
        """The loudest amplitude of late."""

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> Floats:
        """Return the probability of speech in each of the frames, which go on from the last."""
        sound = torch.cat([self._context, torch.from_numpy(samples)])
        self._context = sound[-_CONTEXT:]
        moments = sound.unfold(0, _CONTEXT + FRAME, FRAME)
        louder = moments * self._gains(moments[:, _CONTEXT:])
        probabilities, self._memory = self._network(louder, self._memory)
        heard: Floats = probabilities.numpy()
        return heard

    def _gains(self, frames: Tensor) -> Tensor:
        """Return [frames, 1], by which the loudest of late is brought near to a loud voice."""
        peaks: list[float] = frames.abs().amax(dim=1).tolist()
        levels = list(
            accumulate(
                peaks, lambda level, peak: max(peak, level * _LEVEL_KEPT), initial=self._level
            )
        )
        self._level = levels[-1]
        return (_LOUD / torch.tensor(levels[1:])).clamp(1.0, _MOST_GAIN)[:, None]


def load_silero() -> SileroNetwork:
    """Return the network for sound at 16 kHz, with its weights."""
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise InternalError("The package silero-vad, with the detector of speech, is missing.")
    path = Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.jit"
    with warnings.catch_warnings():
        # Its successor reads no such file; only the tensors are taken from it.
        warnings.simplefilter("ignore", FutureWarning)
        archive = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    prefix = "_model."
    state = {
        name.removeprefix(prefix): tensor
        for name, tensor in archive.state_dict().items()
        if name.startswith(prefix)
    }
    return SileroNetwork(state).eval()


def _convolution(state: Mapping[str, Tensor], name: str, stride: int) -> nn.Conv1d:
    weight = state[f"{name}.weight"]
    width, depth, size = weight.shape
    convolution = nn.Conv1d(depth, width, size, stride=stride, padding=size // 2)
    convolution.load_state_dict({"weight": weight, "bias": state[f"{name}.bias"]})
    return convolution
