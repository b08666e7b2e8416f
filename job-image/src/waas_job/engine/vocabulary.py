"""The tokens' embedding, both ways: what the decoder begins with and what it ends with."""

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.dot_products import DotProductProjection
from waas_job.engine.half_weights import HalfProjection


class Vocabulary:
    """The embedding of every token."""

    def __init__(
        self,
        embedding: Tensor,
        dtype: torch.dtype,
        packed: HalfProjection | DotProductProjection | None = None,
    ) -> None:
        self._embedding = embedding
        self._dtype = dtype
        self._packed = packed

    def embed(self, tokens: Tensor) -> Tensor:
        """Return [..., width] of token ids."""
        return F.embedding(tokens, self._embedding).to(self._dtype)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return [rows, tokens] of [rows, width], in single precision."""
        if self._packed:
            return self._packed(hidden)
        hidden = hidden.to(self._dtype)
        if hidden.device.type == "cpu":
            # This way round it runs at memory speed for a few rows.
            return torch.mm(self._embedding, hidden.T).T.contiguous().float()
        return F.linear(hidden, self._embedding).float()
