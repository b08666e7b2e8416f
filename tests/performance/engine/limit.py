"""How fast a machine could be at best at the work that a transcription consists of.

Multiplications run at the best rate of three products of the model's own shapes; what the decoder
reads for every token runs at the rate of one long read. Voice activity, spectrograms, sampling and
Python are taken to cost nothing, so nobody reaches it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

FRAMES = 1500
"""Of the encoder's output, in a window of 30 seconds."""

PRODUCTS = {
    "attention's projections (1500 x 512 by 512 x 1536)": (1500, 512, 1536),
    "widening of the MLP (1500 x 512 by 512 x 2048)": (1500, 512, 2048),
    "narrowing of the MLP, two windows (3000 x 2048 by 2048 x 512)": (3000, 2048, 512),
}
"""Rows, inner and columns; named, so that a figure can be measured again."""

_STREAM_BYTES = 1 << 30
_TRIES = 10

# Before the text: start of transcript, language, task, timestamps or none. After it: its end.
_TOKENS_AROUND = 5


@dataclass(frozen=True)
class Machine:
    """What it was seen to do at best, in single precision."""

    gigaflops: Mapping[str, float]
    stream_gigabytes: float
    """Read in a second."""

    threads: int


@dataclass(frozen=True)
class Shape:
    """A model's sizes, as far as they cost time."""

    width: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int
    mels: int = 80


BASE = Shape(width=512, encoder_layers=6, decoder_layers=6, vocabulary=51_865)
TINY_ENGLISH = Shape(width=384, encoder_layers=4, decoder_layers=4, vocabulary=51_864)
SHAPES = {"base": BASE, "tiny.en": TINY_ENGLISH}


@dataclass(frozen=True)
class Limit:
    """The seconds that a recording takes at least."""

    windows: int
    tokens: int
    encoder_seconds: float
    decoder_seconds: float

    @property
    def seconds(self) -> float:
        return self.encoder_seconds + self.decoder_seconds


def measure_machine(threads: int) -> Machine:
    """Measure three products and one read, with so many threads; the best of some tries each."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return Machine(
            gigaflops={name: _gigaflops(*sizes) for name, sizes in PRODUCTS.items()},
            stream_gigabytes=_stream_gigabytes(),
            threads=threads,
        )
    finally:
        torch.set_num_threads(before)


def _gigaflops(rows: int, inner: int, columns: int) -> float:
    left, right = torch.randn(rows, inner), torch.randn(inner, columns)
    out = torch.empty(rows, columns)
    return 2 * rows * inner * columns / _best(lambda: torch.mm(left, right, out=out)) / 1e9


def _stream_gigabytes() -> float:
    values = torch.ones(_STREAM_BYTES // 4)
    return _STREAM_BYTES / _best(values.sum) / 1e9


def _best(work: object) -> float:
    assert callable(work)
    best = float("inf")
    for _ in range(_TRIES):
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
    return best


def derive_limit(
    machine: Machine, shape: Shape, text_tokens: Sequence[int], *, bytes_per_value: int = 4
) -> Limit:
    """Return the limit for windows with so many tokens of text each.

    The decoder's weights are read once for each step of the longest window, as if all windows were
    one batch; the keys and values of cross-attention once for each token of each window.
    """
    d, rate = shape.width, max(machine.gigaflops.values()) * 1e9
    windows = len(text_tokens)
    tokens = [each + _TOKENS_AROUND for each in text_tokens]
    encoder = (
        (24 * FRAMES * d**2 + 4 * FRAMES**2 * d) * shape.encoder_layers
        + 2 * 3 * d * (2 * FRAMES * shape.mels + FRAMES * d)
        + 4 * FRAMES * d**2 * shape.decoder_layers
    )
    per_token = (
        2 * (14 * d**2 * shape.decoder_layers + d * shape.vocabulary)
        + 4 * FRAMES * d * shape.decoder_layers
    )
    weights = (14 * d**2 * shape.decoder_layers + d * shape.vocabulary) * bytes_per_value
    heard = 2 * FRAMES * d * shape.decoder_layers * bytes_per_value
    read = (sum(tokens) * heard + max(tokens, default=0) * weights) / machine.stream_gigabytes / 1e9
    return Limit(
        windows=windows,
        tokens=sum(tokens),
        encoder_seconds=windows * encoder / rate,
        decoder_seconds=max(read, sum(tokens) * per_token / rate),
    )
