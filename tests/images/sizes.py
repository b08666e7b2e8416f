"""How large an image is, and how much of it a change of our code makes anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# An archive without a file in it, as some builders keep for a step that changed nothing.
_EMPTY_LAYER = 1024


@dataclass(frozen=True)
class Sizes:
    """Bytes, uncompressed."""

    total: int
    # Without the public base image, which other images on a node share; None where that is not
    # stored by itself, as with Docker's BuildKit.
    over_base: int | None
    # The layer that a change of our code makes anew.
    top_layer: int


def measure(layers: Sequence[int], base_layers: Sequence[int] | None) -> Sizes:
    """Adds up the layers of an image and, where known, of what it stands on, lowest first."""
    filled = [size for size in layers if size > _EMPTY_LAYER]
    total = sum(layers)
    over_base = None if base_layers is None else total - sum(base_layers)
    return Sizes(total, over_base, filled[-1] if filled else 0)


def megabytes(size: int) -> str:
    """Writes a size in MB, with decimals only where they tell something."""
    return f"{size / 1e6:.1f} MB" if size < 10e6 else f"{size / 1e6:,.0f} MB"
