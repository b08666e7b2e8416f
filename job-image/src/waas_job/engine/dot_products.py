"""Projections in bfloat16 where the processor has dot products for it but no tiles.

For a row or a few, reading the weights is all that takes time, and FBGEMM reads them fastest; from
eight rows on multiplying counts, which bfloat16 does twice as fast as single precision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from waas_job.engine.device import multiplies_bfloat16
from waas_job.engine.half_weights import HalfProjection

MANY_ROWS = 8


@dataclass
class Rows:
    """How many rows the projections of one model are to expect, as its lanes tell."""

    are_many: bool = False
    """Whether every step or every window has many, and not one now and then: for many rows all
    weights are kept once more, in another order, for as long as the model lives."""


def has_dot_products() -> bool:
    """Tell whether this processor has them, and torch the library that uses them."""
    return (
        multiplies_bfloat16()
        and torch._C._has_mkldnn
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


class DotProductProjection:
    """Linear layers on the same input, which may be a few rows or many."""

    def __init__(
        self, weights: Sequence[Tensor], bias: Tensor | None = None, *, rows: Rows
    ) -> None:
        # As they lie in the file: no copy.
        self._weights = weights
        self._rows = rows
        self._bias = None if bias is None else bias.bfloat16()
        self._for_few = HalfProjection(weights, bias)

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension, in single precision."""
        if not self._rows.are_many or x.numel() < MANY_ROWS * x.shape[-1]:
            return self._for_few(x)
        projected: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.bfloat16(), self._for_many, self._bias, "none", [], ""
        )
        return projected.float()

    @cached_property
    def _for_many(self) -> Tensor:
        """The weights in the order that oneDNN reads, made once many rows ask for them.

        Those are the steps of beams, prompts, and texts whose words are aligned.
        """
        whole = self._weights[0] if len(self._weights) == 1 else torch.cat(list(self._weights))
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(whole.bfloat16(), 2 * MANY_ROWS)
        return packed
