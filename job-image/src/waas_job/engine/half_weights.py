"""Projections by weights that are kept in half precision and used in single: on x86 CPUs.

They are for float32, and for bfloat16 where the processor has no tiles for it: there a few rows of
it take twice as long.

A step of the decoder reads every weight for a few rows, so that it takes as long as the reading.
OpenAI publishes its models in half precision. Kept like that they are half as much to read, and no
less exact: FBGEMM widens them in registers, and the sums are those of single precision.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def can_pack(weight: Tensor) -> bool:
    """Tell whether a weight loses nothing in half precision, on a machine that has the kernel."""
    return "fbgemm" in torch.backends.quantized.supported_engines and (
        weight.dtype is torch.float16 or torch.equal(weight.float(), weight.half().float())
    )


_PACKED_TOGETHER = 2048
"""Rows of a weight. FBGEMM puts a vocabulary in order in a fifth of the time if it is in pieces."""


class HalfProjection:
    """Linear layers on the same input, their weights in half precision as FBGEMM reads them."""

    def __init__(self, weights: Sequence[Tensor], bias: Tensor | None = None) -> None:
        pieces = torch.split(torch.cat([each.float() for each in weights]), _PACKED_TOGETHER)
        biases = (
            [None] * len(pieces) if bias is None else torch.split(bias.float(), _PACKED_TOGETHER)
        )
        self._packed = [
            torch.ops.quantized.linear_prepack_fp16(piece, its_bias)
            for piece, its_bias in zip(pieces, biases, strict=True)
        ]

    def __call__(self, x: Tensor) -> Tensor:
        """Return `x` projected along its last dimension, in single precision."""
        x = x.float()
        parts = [torch.ops.quantized.linear_dynamic_fp16(x, each) for each in self._packed]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
