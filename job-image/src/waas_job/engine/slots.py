"""Static caches of keys and values, in slots that windows come to and go from.

The slots in use are always the first ones, so that a step runs over a slice and copies nothing: a
window that ends makes room for the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from waas_job.engine.decoder import Heard
from waas_job.engine.dimensions import ModelDimensions

_BLOCK = 64
"""Steps by which the text's cache grows."""

_STRIDE = 16
"""Steps by which what a step reads of it grows: for each new size products are prepared anew.

On a CPU the cache itself grows by so few, for there a product copies what does not lie dense.
"""

_HIDDEN = float("-inf")


@dataclass(frozen=True)
class PromptPast:
    """Writes the prompt of some slots, which sees nothing but itself."""

    slots: "Slots"
    first: int
    end: int

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store the prompt's entries and return them."""
        keys, values = keys.transpose(1, 2), values.transpose(1, 2)
        count = keys.shape[2]
        self.slots.keys[layer][self.first : self.end, :, :count] = keys
        self.slots.values[layer][self.first : self.end, :, :count] = values
        return keys, values


@dataclass(frozen=True)
class StepPast:
    """Adds one entry for each beam of the slots in use."""

    slots: "Slots"
    rows: Tensor
    """[windows, 1], the slots."""

    entries: Tensor
    """[windows, beams], where each beam's entry goes."""

    end: int
    """As many entries are read: those that any of the slots has by then, and a few hidden ones."""

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store the step's entries and return all."""
        slots, count = self.slots, len(self.rows)
        slots.keys[layer][self.rows, :, self.entries] = keys
        slots.values[layer][self.rows, :, self.entries] = values
        return (
            slots.keys[layer][:count, :, : self.end],
            slots.values[layer][:count, :, : self.end],
        )


class Slots:
    """Caches for so many windows of so many beams each."""

    def __init__(
        self,
        dimensions: ModelDimensions,
        heard: Heard,
        *,
        windows: int,
        beams: int,
    ) -> None:
        """Take the room for what windows hear, which nobody else uses meanwhile."""
        device, dtype = heard.keys[0].device, heard.keys[0].dtype
        self._beams = beams
        self._device = device
        self._block = (_STRIDE if device.type == "cpu" else _BLOCK) * beams
        self.used: list[int] = []
        """Entries of the text in each slot in use."""

        heads, layers = dimensions.n_text_head, range(dimensions.n_text_layer)
        shape = (windows, heads, 0, dimensions.n_text_state // heads)
        self._heard = heard
        self.keys, self.values = (
            [torch.empty(shape, device=device, dtype=dtype) for _ in layers] for _ in range(2)
        )
        self._mask = torch.empty(windows, 1, beams, 0, device=device, dtype=dtype)

    def __len__(self) -> int:
        """Return how many slots are in use."""
        return len(self.used)

    def heard(self, first: int, end: int) -> Heard:
        """Return what the windows in these slots heard."""
        return self._heard.of(first, end)

    def admit(self, count: int, prompt_length: int) -> PromptPast:
        """Take windows, each with a prompt of that length, into the next slots."""
        first, end = len(self.used), len(self.used) + count
        self._grow(prompt_length)
        self._mask[first:end] = _HIDDEN
        self._mask[first:end, :, :, :prompt_length] = 0
        self.used += [prompt_length] * count
        return PromptPast(self, first, end)

    def step(self) -> tuple[StepPast, Tensor]:
        """Make room for one token of each beam; return where it goes, and the mask."""
        count, end = len(self.used), max(self.used) + self._beams
        self._grow(end)
        end = min(-(-end // (_STRIDE * self._beams)) * _STRIDE * self._beams, self._mask.shape[-1])
        rows = torch.arange(count, device=self._device)[:, None]
        beams = torch.arange(self._beams, device=self._device)
        entries = torch.tensor(self.used, device=self._device)[:, None] + beams
        self._mask[rows, 0, beams, entries] = 0
        self.used = [used + self._beams for used in self.used]
        return StepPast(self, rows, entries, end), self._mask[:count, :, :, :end]

    def reorder(self, slot: int, sources: Sequence[int]) -> None:
        """Let each beam of a window go on from another one's past."""
        self._mask[slot] = self._mask[slot][:, list(sources)]

    def release(self, slot: int) -> None:
        """Free a slot; the last one in use moves there."""
        last = len(self.used) - 1
        if slot != last:
            used = self.used[last]
            for tensor in (*self._heard.keys, *self._heard.values):
                tensor[slot] = tensor[last]
            for tensor in (*self.keys, *self.values):
                tensor[slot, :, :used] = tensor[last, :, :used]
            self._mask[slot] = self._mask[last]
            self.used[slot] = used
        self.used.pop()

    def _grow(self, entries: int) -> None:
        had = self._mask.shape[-1]
        if entries <= had:
            return
        more = -(-entries // self._block) * self._block - had
        for tensors in (self.keys, self.values):
            for layer, tensor in enumerate(tensors):
                windows, heads, _, width = tensor.shape
                # Zeros, for what is hidden is weighed with zero, and must be a number.
                room = tensor.new_zeros(windows, heads, more, width)
                tensors[layer] = torch.cat([tensor, room], dim=2)
        windows, _, beams, _ = self._mask.shape
        new = self._mask.new_full((windows, 1, beams, more), _HIDDEN)
        self._mask = torch.cat([self._mask, new], dim=3)
