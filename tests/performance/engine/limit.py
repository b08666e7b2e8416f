"""How fast a machine could be at best at the work that a transcription consists of.

Multiplications run at the best rate of three products of the model's own shapes; what the decoder
reads for every token runs at the rate of one long read. Voice activity, spectrograms, sampling and
Python are taken to cost nothing, so nobody reaches it.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from waas_job.engine.dimensions import ModelDimensions

_STREAM_BYTES = 1 << 30
_TRIES = 10

# Before the text: start of transcript, language, task, timestamps or none. After it: its end.
_TOKENS_AROUND = 5


@dataclass(frozen=True)
class Machine:
    """What a processor was seen to do at best."""

    gigaflops: Mapping[str, float]
    """By the name of the product."""

    stream_gigabytes: float
    """Read in a second."""

    precision: str


@dataclass(frozen=True)
class Work:
    """What a model's parts cost: operations and bytes, each for one window, token or step."""

    encoder_flops: int
    """For a window."""

    hearing_flops: int
    """For a window: the keys and values of cross-attention."""

    token_flops: int
    token_bytes: int
    """For a token of a window: its keys and values of cross-attention are read again."""

    step_bytes: int
    """For a step of all windows: the decoder's weights."""


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


def derive_work(dimensions: ModelDimensions, bytes_per_value: int) -> Work:
    """Return the work of a model of that size."""
    frames, audio, text = (
        dimensions.n_audio_ctx,
        dimensions.n_audio_state,
        dimensions.n_text_state,
    )
    layers, vocabulary = dimensions.n_text_layer, text * dimensions.n_vocab
    weights = 14 * text**2 * layers + vocabulary
    heard = 2 * frames * text * layers
    return Work(
        encoder_flops=(24 * frames * audio**2 + 4 * frames**2 * audio) * dimensions.n_audio_layer
        + 2 * 3 * audio * (2 * frames * dimensions.n_mels + frames * audio),
        hearing_flops=4 * frames * text**2 * layers,
        token_flops=2 * weights + 2 * heard,
        token_bytes=heard * bytes_per_value,
        step_bytes=weights * bytes_per_value,
    )


def better_of(first: Machine, second: Machine) -> Machine:
    """Return the best of two measurements of a machine in one precision."""
    rates = first.gigaflops.items()
    return Machine(
        gigaflops={name: max(rate, second.gigaflops[name]) for name, rate in rates},
        stream_gigabytes=max(first.stream_gigabytes, second.stream_gigabytes),
        precision=first.precision,
    )


def measure_machine(
    dimensions: ModelDimensions,
    *,
    device: torch.device,
    dtype: torch.dtype,
    windows: int = 2,
    stream_bytes: int = _STREAM_BYTES,
    tries: int = _TRIES,
) -> Machine:
    """Measure three products of a model's encoder and one read; the best of some tries each."""
    width, rows = dimensions.n_audio_state, dimensions.n_audio_ctx * windows
    products = {
        f"{name}: {rows} x {inner} by {inner} x {columns}": (rows, inner, columns)
        for name, inner, columns in (
            ("queries, keys and values", width, 3 * width),
            ("widening", width, 4 * width),
            ("narrowing", 4 * width, width),
        )
    }

    def best_of(work: Callable[[], object]) -> float:
        return min(time_of(work, device) for _ in range(tries))

    # In single precision, whose sum takes no longer than the reading.
    values = torch.ones(stream_bytes // 4, device=device)
    return Machine(
        gigaflops={
            name: 2e-9 * math.prod(sizes) / best_of(_product(sizes, device, dtype))
            for name, sizes in products.items()
        },
        stream_gigabytes=1e-9 * stream_bytes / best_of(values.sum),
        precision=str(dtype).removeprefix("torch."),
    )


def _product(
    sizes: tuple[int, int, int], device: torch.device, dtype: torch.dtype
) -> Callable[[], object]:
    rows, inner, columns = sizes
    left, right, out = (
        torch.ones(shape, device=device, dtype=dtype)
        for shape in ((rows, inner), (inner, columns), (rows, columns))
    )
    return lambda: torch.mm(left, right, out=out)


def time_of(work: Callable[[], object], device: torch.device) -> float:
    """Return the seconds that something takes, to its end on a device that works on its own."""
    synchronize(device)
    before = time.perf_counter()
    work()
    synchronize(device)
    return time.perf_counter() - before


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def derive_limit(
    machine: Machine, work: Work, text_tokens: Sequence[int], *, beams: int = 1
) -> Limit:
    """Return the limit for windows with so many tokens of text each.

    The decoder's weights are read once for each step of the longest window, as if all windows were
    one batch; the keys and values of cross-attention once for each token of each window, which its
    beams share. Each beam is multiplied for itself.
    """
    operations = max(machine.gigaflops.values()) * 1e9
    read = machine.stream_gigabytes * 1e9
    counts = [each + _TOKENS_AROUND for each in text_tokens]
    tokens = sum(counts)
    reading = (tokens * work.token_bytes + max(counts, default=0) * work.step_bytes) / read
    return Limit(
        windows=len(counts),
        tokens=tokens,
        encoder_seconds=len(counts) * (work.encoder_flops + work.hearing_flops) / operations,
        decoder_seconds=max(reading, beams * tokens * work.token_flops / operations),
    )
