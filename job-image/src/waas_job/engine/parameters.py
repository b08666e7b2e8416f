"""The pieces that a model is made of: norms and projections, built from its weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.device import has_tiles
from waas_job.engine.dot_products import DotProductProjection, Rows, has_dot_products
from waas_job.engine.half_weights import HalfProjection, can_pack
from waas_job.engine.vocabulary import Vocabulary
from waas_job.engine.weights import State


@dataclass(frozen=True)
class Norm:
    """A layer norm: from the precision of sums to that of products."""

    weight: Tensor
    bias: Tensor
    dtype: torch.dtype
    """Of products."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` normed over its last dimension."""
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias).to(self.dtype)


class Projection(Protocol):
    """A linear layer."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension."""


@dataclass(frozen=True)
class DenseProjection:
    """A linear layer for many rows at once."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension."""
        return F.linear(x, self.weight, self.bias)


@dataclass(frozen=True)
class FewRowsProjection:
    """A linear layer for a few rows, on the CPU: this way round it runs up to 4 times as fast."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension."""
        rows = x.flatten(0, -2).to(self.weight.dtype)
        return torch.mm(self.weight, rows.T).T.add(self.bias).view(*x.shape[:-1], -1)


class Parameters:
    """Makes them of a model's tensors, on a device and in a precision.

    What a model's blocks add up is kept in single precision where products are made in bfloat16,
    whose eight binary digits would lose in a sum what is small in it.
    """

    def __init__(self, state: State, device: torch.device, dtype: torch.dtype) -> None:
        self._state = state
        self.device = device
        self.dtype = dtype
        self._sum_dtype = torch.float32 if dtype is torch.bfloat16 else dtype
        self.rows = Rows()
        """To be told where a step, or every prompt or text, has many."""

        self._packed = _packed_projection(device, dtype, self.rows)
        self._few_rows_dtype = torch.float32 if self._packed else dtype

    def tensor(self, name: str) -> Tensor:
        """Return a tensor by OpenAI's name, in the precision of products."""
        return self._state[name].to(self.device, self.dtype)

    def summand(self, name: str) -> Tensor:
        """Return a tensor in the precision of sums."""
        return self._state[name].to(self.device, self._sum_dtype)

    def norm(self, name: str) -> Norm:
        """Return a layer norm."""
        return self._norm(name, self.dtype)

    def few_rows_norm(self, name: str) -> Norm:
        """Return one that goes before the projection of a few rows."""
        return self._norm(name, self._few_rows_dtype)

    def projection(self, *names: str) -> Projection:
        """Return linear layers on the same input as a single one, their outputs side by side."""
        return DenseProjection(*self._stack(names, self.dtype))

    def few_rows_projection(self, *names: str) -> Projection:
        """Return the same for a step of the decoder, which has as many rows as beams."""
        if self._packed and all(can_pack(self._state[f"{name}.weight"]) for name in names):
            weights = [self._state[f"{name}.weight"] for name in names]
            return self._packed(weights, self._bias(names, torch.float32))
        weight, bias = self._stack(names, self.dtype)
        if self.device.type != "cpu":
            return DenseProjection(weight, bias)
        return FewRowsProjection(weight, bias)

    def vocabulary(self, name: str) -> Vocabulary:
        """Return the embedding of every token."""
        embedding = self._state[name]
        if self._packed and can_pack(embedding):
            return Vocabulary(embedding.half(), self.dtype, self._packed([embedding]))
        return Vocabulary(self.tensor(name), self.dtype)

    def _norm(self, name: str, dtype: torch.dtype) -> Norm:
        return Norm(self.summand(f"{name}.weight"), self.summand(f"{name}.bias"), dtype)

    def _stack(self, names: Sequence[str], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        weights = [self._state[f"{name}.weight"].to(self.device, dtype) for name in names]
        return torch.cat(weights), self._bias(names, dtype)

    def _bias(self, names: Sequence[str], dtype: torch.dtype) -> Tensor:
        # The keys of Whisper's attention have none.
        none = torch.zeros(self._state[f"{names[0]}.weight"].shape[0])
        biases = [self._state.get(f"{name}.bias", none) for name in names]
        return torch.cat([each.to(self.device, dtype) for each in biases])


def _packed_projection(
    device: torch.device, dtype: torch.dtype, rows: Rows
) -> Callable[..., HalfProjection | DotProductProjection] | None:
    """Return what a step's projections are there, where their weights can be kept in half."""
    if device.type != "cpu" or (dtype is torch.bfloat16 and has_tiles()):
        return None
    if dtype is torch.bfloat16 and has_dot_products():
        return partial(DotProductProjection, rows=rows)
    return HalfProjection
