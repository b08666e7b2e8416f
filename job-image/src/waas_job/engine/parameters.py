"""The pieces that a model is made of: norms and projections, built from its weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.weights import State


@dataclass(frozen=True)
class Norm:
    """A layer norm."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` normed over its last dimension."""
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


@dataclass(frozen=True)
class Projection:
    """A linear layer for many rows at once."""

    weight: Tensor
    bias: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension."""
        return F.linear(x, self.weight, self.bias)


class Parameters:
    """Makes them of a model's tensors, on a device and in a precision."""

    def __init__(self, state: State, device: torch.device, dtype: torch.dtype) -> None:
        self._state = state
        self.device = device
        self.dtype = dtype

    def tensor(self, name: str) -> Tensor:
        """Return a tensor by OpenAI's name."""
        return self._state[name].to(self.device, self.dtype)

    def norm(self, name: str) -> Norm:
        """Return a layer norm."""
        return Norm(self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias"))

    def projection(self, name: str) -> Projection:
        """Return a linear layer."""
        return self.stacked([name])

    def stacked(self, names: Sequence[str], *, scales: Sequence[float] | None = None) -> Projection:
        """Return linear layers on the same input as a single one, their outputs side by side."""
        factors = scales or [1.0] * len(names)
        weights = [self.tensor(f"{name}.weight") for name in names]
        # The keys of Whisper's attention have no bias.
        biases = [
            self.tensor(f"{name}.bias")
            if f"{name}.bias" in self._state
            else weight.new_zeros(weight.shape[0])
            for name, weight in zip(names, weights, strict=True)
        ]
        return Projection(
            torch.cat([weight * factor for weight, factor in zip(weights, factors, strict=True)]),
            torch.cat([bias * factor for bias, factor in zip(biases, factors, strict=True)]),
        )
