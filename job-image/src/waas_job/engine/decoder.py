"""The text decoder of the Whisper paper, over windows side by side.

A window may have several beams. They hear the same and began with the same prompt, so they share
the window's keys and values, of the sound and of the text: each is a query of its own, and a mask
tells which of the text's entries are its own past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 # the name everybody knows it by
from torch import Tensor

from waas_job.engine.device import multiplies_by_dot_products
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.dot_products import MANY_ROWS
from waas_job.engine.parameters import Norm, Parameters, Projection


@dataclass(frozen=True)
class Heard:
    """The keys and values of cross-attention, of each layer."""

    keys: Sequence[Tensor]
    """[windows, heads, width of a head, 1500] each, in memory as the product reads them fastest."""

    values: Sequence[Tensor]
    """[windows, heads, 1500, width of a head] each."""

    def of(self, first: int, end: int) -> "Heard":
        """Return those of some of the windows."""
        return Heard(
            [keys[first:end] for keys in self.keys], [values[first:end] for values in self.values]
        )


def make_room_to_hear(
    dimensions: ModelDimensions,
    windows: int,
    device: torch.device,
    dtype: torch.dtype,
    *,
    queries: int = 1,
) -> Heard:
    """Return room for so many windows; memory that nobody writes to is none.

    Args:
        dimensions: of the model.
        windows: how many.
        device: where they are.
        dtype: of keys and values.
        queries: how many a step has for each window, as a rule.
    """
    heads, frames = dimensions.n_text_head, dimensions.n_audio_ctx
    width, layers = dimensions.n_text_state // heads, range(dimensions.n_text_layer)

    def make(*shape: int) -> list[Tensor]:
        return [torch.empty(shape, device=device, dtype=dtype) for _ in layers]

    values = make(windows, heads, frames, width)
    if queries > 1 and multiplies_by_dot_products(device, dtype):
        # Frame by frame several queries take half the time there, a single one somewhat more.
        return Heard([keys.mT for keys in make(windows, heads, frames, width)], values)
    return Heard(make(windows, heads, width, frames), values)


class Past(Protocol):
    """The keys and values of self-attention."""

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add [windows, tokens, heads, width] and return all: [windows, heads, entries, width]."""


class OwnPast:
    """No past but the tokens at hand."""

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return them in the order that attention takes."""
        return keys.transpose(1, 2), values.transpose(1, 2)


@dataclass(frozen=True)
class _Block:
    attention_norm: Norm
    query_key_value: Projection
    out: Projection
    cross_norm: Norm
    cross_query: Projection
    cross_key: Tensor
    """[width, width], scaled for all the queries that will meet the keys."""

    cross_value: Projection
    cross_out: Projection
    mlp_norm: Norm
    widen: Projection
    narrow: Projection


class TextDecoder:
    """Tells the probabilities of the next token."""

    def __init__(self, dimensions: ModelDimensions, parameters: Parameters) -> None:
        self._heads = dimensions.n_text_head
        self._head_width = dimensions.n_text_state // dimensions.n_text_head
        # A power of two in every model of OpenAI's, so that scaling is exact.
        self._scale = self._head_width**-0.5
        self._dtype = parameters.dtype
        self._vocabulary = parameters.vocabulary("decoder.token_embedding.weight")
        self._positions = parameters.summand("decoder.positional_embedding")
        self._blocks = tuple(
            _read_block(parameters, f"decoder.blocks.{layer}", self._scale)
            for layer in range(dimensions.n_text_layer)
        )
        self._norm = parameters.few_rows_norm("decoder.ln")
        self._rows = parameters.rows

    def expect(self, rows: int) -> None:
        """Be told how many tokens are read at once, as a rule: for many it takes more memory."""
        self._rows.are_many = self._rows.are_many or rows >= MANY_ROWS

    def hear(self, features: Tensor, heard: Heard) -> None:
        """Write the keys and values of [windows, 1500, width] of features where they are wanted."""
        windows, frames, _ = features.shape
        for block, keys, values in zip(self._blocks, heard.keys, heard.values, strict=True):
            # Keys have no bias.
            if keys.is_contiguous():
                for its_features, its_keys in zip(features, keys, strict=True):
                    # This way round they come out as they are to lie.
                    torch.mm(block.cross_key, its_features.T, out=its_keys.view(-1, frames))
            else:
                key = F.linear(features, block.cross_key).view(windows, frames, self._heads, -1)
                keys.copy_(key.permute(0, 2, 3, 1))
            value = block.cross_value(features).view(windows, frames, self._heads, -1)
            values.copy_(value.transpose(1, 2))

    def __call__(
        self,
        tokens: Tensor,
        positions: Tensor,
        heard: Heard,
        past: Past,
        mask: Tensor,
        *,
        watched: Sequence[tuple[int, int]] = (),
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the hidden state of each token, and the attention of the watched heads.

        Args:
            tokens: [windows, n], a step's beams or the tokens of a text.
            positions: [windows, n], where each stands in its text.
            heard: of the same windows.
            past: what `tokens` are added to.
            mask: [windows, 1, n, entries], added to self-attention: 0 where a token may look.
            watched: layers and heads whose cross-attention is wanted.

        Returns:
            [windows, n, width]; then [windows, n, 1500] for each watched head, before its softmax.
        """
        x = self._vocabulary.embed(tokens) + F.embedding(positions, self._positions)
        seen: dict[tuple[int, int], Tensor] = {}
        for layer, block in enumerate(self._blocks):
            x = x + self._attend_to_text(block, layer, block.attention_norm(x), past, mask)
            mixed, scores = self._attend_to_sound(
                block, block.cross_norm(x), heard.keys[layer], heard.values[layer]
            )
            x = x + mixed
            x = x + block.narrow(F.gelu(block.widen(block.mlp_norm(x))))
            seen |= {(at, head): scores[:, head].float() for at, head in watched if at == layer}
        return self._norm(x), [seen[each] for each in watched]

    def logits(self, hidden: Tensor) -> Tensor:
        """Return [rows, tokens] of [rows, width], in single precision."""
        return self._vocabulary.logits(hidden)

    def _attend_to_text(
        self, block: _Block, layer: int, x: Tensor, past: Past, mask: Tensor
    ) -> Tensor:
        windows, count, width = x.shape
        stacked = block.query_key_value(x).to(self._dtype)
        query, key, value = stacked.view(windows, count, 3, self._heads, -1).unbind(2)
        keys, values = past.extend(layer, key, value)
        query = (query * self._scale).transpose(1, 2)
        # Softmax sums in single precision whatever it is given.
        mixed = (query @ keys.transpose(2, 3) + mask).softmax(dim=-1) @ values
        return block.out(mixed.transpose(1, 2).reshape(windows, count, width))

    def _attend_to_sound(
        self, block: _Block, x: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor]:
        windows, count, width = x.shape
        query = block.cross_query(x).to(self._dtype).view(windows, count, self._heads, -1)
        scores = query.transpose(1, 2) @ keys
        mixed = scores.softmax(dim=-1) @ values
        return block.cross_out(mixed.transpose(1, 2).reshape(windows, count, width)), scores


def causal_mask(count: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return [1, 1, count, count], by which a text's tokens look back alone."""
    mask = torch.full((count, count), float("-inf"), device=device, dtype=dtype)
    return mask.triu_(1)[None, None]


def _read_block(parameters: Parameters, name: str, scale: float) -> _Block:
    return _Block(
        attention_norm=parameters.few_rows_norm(f"{name}.attn_ln"),
        query_key_value=parameters.few_rows_projection(
            *(f"{name}.attn.{part}" for part in ("query", "key", "value"))
        ),
        out=parameters.few_rows_projection(f"{name}.attn.out"),
        cross_norm=parameters.few_rows_norm(f"{name}.cross_attn_ln"),
        cross_query=parameters.few_rows_projection(f"{name}.cross_attn.query"),
        cross_key=parameters.tensor(f"{name}.cross_attn.key.weight") * scale,
        cross_value=parameters.projection(f"{name}.cross_attn.value"),
        cross_out=parameters.few_rows_projection(f"{name}.cross_attn.out"),
        mlp_norm=parameters.few_rows_norm(f"{name}.mlp_ln"),
        widen=parameters.few_rows_projection(f"{name}.mlp.0"),
        narrow=parameters.few_rows_projection(f"{name}.mlp.2"),
    )
