"""The decoder's last product: a hidden state against the embedding of every token."""

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.half_weights import HalfProjection, can_pack

_PACKED_ROWS = 16
"""Up to here the half precision wins: beyond, arithmetic takes longer than memory."""


class Vocabulary:
    """The tokens' embedding, both ways."""

    def __init__(self, embedding: Tensor) -> None:
        self._embedding = embedding
        is_on_cpu = embedding.device.type == "cpu"
        self._packed = HalfProjection(embedding) if is_on_cpu and can_pack(embedding) else None

    def embed(self, tokens: Tensor) -> Tensor:
        """Return [..., width] of token ids."""
        return F.embedding(tokens, self._embedding)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return [rows, tokens] of [rows, width], in single precision."""
        if self._packed and len(hidden) <= _PACKED_ROWS:
            return self._packed(hidden)
        if hidden.device.type == "cpu":
            # This way round it runs at memory speed for a few rows.
            return torch.mm(self._embedding, hidden.T).T.contiguous()
        return F.linear(hidden, self._embedding).float()
