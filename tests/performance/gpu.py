"""Shows in under ten minutes what the engine does on a GPU.

    PYTHONPATH=tests uv run --frozen python -m performance.gpu --json gpu.json

    parity      tiny.en and base with their real weights: tokens beside openai-whisper's on the same
                windows, then speech from end to end, with its words and its speed
    stages      turbo and large-v3 in their exact sizes, with weights drawn by lot: encoder and
                decoder apart, more and more windows at once, beside the GPU's own limit
    the whole   the same two from samples to tokens, windows refilled as they end, their lengths
                drawn by lot

`--device cpu --quick` goes through the same code in a minute or two, on small models.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
from pydantic import TypeAdapter

from performance.engine.limit import Machine, derive_work, measure_machine
from performance.gpu_parity import Parity, measure_parity
from performance.gpu_stages import (
    Stage,
    Subject,
    measure_decoder,
    measure_encoder,
    measure_whole,
)
from performance.model_shapes import SHAPES, build_random_model
from waas_job.cpu_quota import count_processors
from waas_job.engine.device import choose_precision

_MEAN_TOKENS = 75
_LONGEST = 2.4
"""Of the windows whose lengths are drawn: about those of English speech, 180 tokens at most."""


@dataclass(frozen=True)
class Plan:
    """What is measured, and how much of it."""

    device: torch.device
    parity_models: Sequence[str]
    parity_seconds: float
    models: Sequence[str]
    encoder_windows: Sequence[int]
    decoder_windows: Sequence[int]
    whole_windows: int
    """How many windows go from samples to tokens."""

    mean_tokens: int
    """Of the windows whose lengths are drawn."""

    windows_of_products: int
    """As many are as large as the encoder's for so many windows."""

    tries: int
    """By which the device's own limits are found; the best counts."""

    stream_bytes: int
    """Read at once, for the same."""

    budget_seconds: float
    """After that nothing new is begun; what is left out is told."""


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    measured: str
    device: str
    torch_version: str
    machine: Machine
    parity: Sequence[Parity]
    stages: Sequence[Stage]
    left_out: Sequence[str]


def plan_for(device: torch.device, *, quick: bool, budget_seconds: float) -> Plan:
    """Return the whole plan, or one that a small processor is through with in a minute or two."""
    return Plan(
        device=device,
        parity_models=["tiny.en"] if quick else ["tiny.en", "base"],
        parity_seconds=10 if quick else 295,
        models=["tiny.en"] if quick else ["turbo", "large-v3"],
        encoder_windows=[1] if quick else [1, 4, 16, 32, 64],
        decoder_windows=[2] if quick else [16, 32, 64, 128, 256],
        whole_windows=3 if quick else 512,
        mean_tokens=8 if quick else _MEAN_TOKENS,
        windows_of_products=1 if quick else 16,
        tries=1 if quick else 10,
        stream_bytes=1 << 26 if quick else 1 << 30,
        budget_seconds=budget_seconds,
    )


def measure(plan: Plan, tell: Callable[[str], None]) -> Report:
    """Measure what the plan says, one thing after the other, as long as there is time."""
    began = time.monotonic()
    dtype = choose_precision("auto", plan.device)
    machine = measure_machine(
        SHAPES[plan.models[-1]],
        device=plan.device,
        dtype=dtype,
        windows=plan.windows_of_products,
        stream_bytes=plan.stream_bytes,
        tries=plan.tries,
    )
    tell(str(machine))
    parity: list[Parity] = []
    stages: list[Stage] = []
    left_out: list[str] = []
    for name, work in _list_work(plan, machine, dtype):
        if time.monotonic() - began > plan.budget_seconds:
            left_out.append(f"{name}: no time was left")
            continue
        try:
            done = work()
        except torch.OutOfMemoryError:
            left_out.append(f"{name}: more than the memory holds")
            continue
        tell(str(done))
        if isinstance(done, Parity):
            parity.append(done)
        else:
            stages.append(done)
    return Report(
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        device=_describe(plan.device),
        torch_version=torch.__version__,
        machine=machine,
        parity=parity,
        stages=stages,
        left_out=left_out,
    )


def _list_work(
    plan: Plan, machine: Machine, dtype: torch.dtype
) -> Iterator[tuple[str, Callable[[], Parity | Stage]]]:
    """Yield what there is to do, by name; a model is made when its turn comes."""
    for name in plan.parity_models:
        yield (
            f"parity of {name}",
            partial(
                measure_parity,
                name,
                plan.device,
                seconds=plan.parity_seconds,
                threads=count_processors(),
            ),
        )
    for name in plan.models:
        model = build_random_model(name, plan.device, dtype)
        subject = Subject(name, model, machine, derive_work(model.dimensions, dtype.itemsize))
        for count in plan.encoder_windows:
            yield f"encoder of {name}, {count} windows", partial(measure_encoder, subject, count)
        for count in plan.decoder_windows:
            yield (
                f"decoder of {name}, {count} windows",
                partial(measure_decoder, subject, draw_lengths(count, plan.mean_tokens)),
            )
        yield (
            f"{name} from samples to tokens",
            partial(
                measure_whole,
                subject,
                draw_lengths(plan.whole_windows, plan.mean_tokens),
                batch_size=max(plan.decoder_windows),
            ),
        )


def draw_lengths(count: int, mean: int) -> list[int]:
    """Draw lengths in tokens, the same at every run."""
    lots = torch.Generator().manual_seed(0)
    drawn = mean * (1 + torch.randn(count, generator=lots) / 3)
    return [int(each) for each in drawn.clamp(1, mean * _LONGEST)]


def _describe(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def main() -> None:
    arguments = _parse_arguments()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit(
            "There is no GPU here that torch can use. `--device cpu --quick` tries the same code."
        )
    plan = plan_for(
        torch.device(arguments.device),
        quick=arguments.quick,
        budget_seconds=arguments.budget_seconds,
    )
    report = measure(plan, lambda line: print(line, file=sys.stderr, flush=True))
    text = json.dumps(TypeAdapter(Report).dump_python(report, mode="json"), indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--quick", action="store_true", help="small models, few windows")
    parser.add_argument("--budget-seconds", type=float, default=480)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
