"""The tokens' embedding, both ways: what the decoder begins with and what it ends with."""

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.half_weights import HalfProjection, can_pack


class Vocabulary:
    """The embedding of every token."""

    def __init__(self, embedding: Tensor) -> None:
        self._dtype = embedding.dtype
        is_packed = embedding.device.type == "cpu" and can_pack(embedding)
        self._embedding = embedding.half() if is_packed else embedding
        self._packed = HalfProjection(embedding) if is_packed else None

    def embed(self, tokens: Tensor) -> Tensor:
        """Return [..., width] of token ids."""
        return F.embedding(tokens, self._embedding).to(self._dtype)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return [rows, tokens] of [rows, width], in single precision."""
        if self._packed:
            return self._packed(hidden)
        if hidden.device.type == "cpu":
            # This way round it runs at memory speed for a few rows.
            return torch.mm(self._embedding, hidden.T).T.contiguous().float()
        return F.linear(hidden, self._embedding).float()
