"""The audio encoder of the Whisper paper: two convolutions, then blocks of self-attention."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.device import multiplies_by_dot_products
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.parameters import Norm, Parameters, Projection


@dataclass(frozen=True)
class _Block:
    attention_norm: Norm
    query_key_value: Projection
    out: Projection
    mlp_norm: Norm
    widen: Projection
    narrow: Projection


@dataclass(frozen=True)
class _Convolution:
    """Over three frames each, as a product: frames that lie one after the other are a row of it."""

    weight: Tensor
    """[width, 3 x width before]"""

    bias: Tensor
    stride: int

    def __call__(self, x: Tensor) -> Tensor:
        """Return [windows, frames / stride, width] of [windows, frames, width before]."""
        rows = F.pad(x, (0, 0, 1, 1)).unfold(1, 3, self.stride).transpose(2, 3).flatten(2)
        return F.linear(rows, self.weight, self.bias)


class AudioEncoder:
    """Turns spectrograms into features that the decoder attends to."""

    def __init__(self, dimensions: ModelDimensions, parameters: Parameters) -> None:
        self._heads = dimensions.n_audio_head
        self._dtype = parameters.dtype
        # Made for tiles, torch's own attention in bfloat16 takes half as long again without them.
        self._attend_by_heads = multiplies_by_dot_products(parameters.device, parameters.dtype)
        self._convolutions = (
            _read_convolution(parameters, "encoder.conv1", stride=1),
            _read_convolution(parameters, "encoder.conv2", stride=2),
        )
        self._positions = parameters.summand("encoder.positional_embedding")
        self._blocks = tuple(
            _read_block(parameters, f"encoder.blocks.{layer}")
            for layer in range(dimensions.n_audio_layer)
        )
        self._norm = parameters.norm("encoder.ln_post")

    def __call__(self, mel: Tensor) -> Tensor:
        """Return [windows, 1500, width] of [windows, n_mels, 3000]."""
        x = mel.transpose(1, 2).to(self._dtype)
        for convolution in self._convolutions:
            x = F.gelu(convolution(x))
        x = x + self._positions
        for block in self._blocks:
            x += self._attend(block, block.attention_norm(x))
            x += block.narrow(F.gelu(block.widen(block.mlp_norm(x))))
        return self._norm(x)

    def _attend(self, block: _Block, x: Tensor) -> Tensor:
        windows, frames, width = x.shape
        stacked = block.query_key_value(x).view(windows, frames, 3, self._heads, -1)
        query, key, value = stacked.permute(2, 0, 3, 1, 4)
        if self._attend_by_heads:
            mixed = _attend_by_heads(query, key, value)
        else:
            mixed = F.scaled_dot_product_attention(query, key, value)
        return block.out(mixed.transpose(1, 2).reshape(windows, frames, width))


def _attend_by_heads(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return [windows, heads, frames, width of a head], the scores of one head after the other."""
    scaled = query * query.shape[-1] ** -0.5
    return torch.stack(
        [
            (scaled[:, head] @ key[:, head].transpose(1, 2)).softmax(dim=-1) @ value[:, head]
            for head in range(query.shape[1])
        ],
        dim=1,
    )


def _read_convolution(parameters: Parameters, name: str, *, stride: int) -> _Convolution:
    weight = parameters.tensor(f"{name}.weight")
    return _Convolution(
        weight.transpose(1, 2).flatten(1), parameters.tensor(f"{name}.bias"), stride
    )


def _read_block(parameters: Parameters, name: str) -> _Block:
    return _Block(
        attention_norm=parameters.norm(f"{name}.attn_ln"),
        query_key_value=parameters.projection(
            *(f"{name}.attn.{part}" for part in ("query", "key", "value"))
        ),
        out=parameters.projection(f"{name}.attn.out"),
        mlp_norm=parameters.norm(f"{name}.mlp_ln"),
        widen=parameters.projection(f"{name}.mlp.0"),
        narrow=parameters.projection(f"{name}.mlp.2"),
    )
