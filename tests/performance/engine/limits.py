"""The machine and its limits in each precision that contenders compute in."""

from collections.abc import Mapping
from dataclasses import replace

import torch

from performance.engine.contenders import BFLOAT16, FLOAT32, OURS
from performance.engine.limit import (
    Limit,
    Machine,
    better_of,
    derive_limit,
    derive_work,
    measure_machine,
)
from performance.engine.rounds import Entry, Plan, Series
from performance.engine.windows import count_window_tokens
from performance.model_shapes import SHAPES

_DTYPES = {FLOAT32: torch.float32, BFLOAT16: torch.bfloat16}

Machines = Mapping[str, Machine]
"""By the precision in which it was measured."""

Limits = Mapping[tuple[str, int], Limit]
"""By the precision and the number of beams."""


def measure_machines(plan: Plan) -> Machines:
    """Measure the machine in the precisions that contenders compute in."""
    torch.set_num_threads(plan.threads)
    asked = {each.precision for each in plan.contenders}
    return {
        name: measure_machine(SHAPES[plan.model], device=torch.device("cpu"), dtype=dtype)
        for name, dtype in _DTYPES.items()
        if name in asked
    }


def better_machines(first: Machines, second: Machines) -> Machines:
    """Return the best of two measurements."""
    return {name: better_of(each, second[name]) for name, each in first.items()}


def derive_limits(plan: Plan, series: Mapping[Entry, Series], machines: Machines) -> Limits:
    """Return the limits for the windows into which our engine cuts the recording, and their text.

    These are of the run in the same precision, if there is one.
    """
    ours = [
        (entry, runs.counted[0].answer.transcribed[0].segments)
        for entry, runs in series.items()
        if entry.contender.name.startswith(OURS) and runs.counted
    ]
    limits: dict[tuple[str, int], Limit] = {}
    # Reading has no precision.
    stream = max((each.stream_gigabytes for each in machines.values()), default=0)
    for name, measured in machines.items():
        machine = replace(measured, stream_gigabytes=stream)
        work = derive_work(SHAPES[plan.model], _DTYPES[name].itemsize)
        for beams in plan.beam_sizes:
            alike = [each for each in ours if each[0].beam_size == beams]
            alike.sort(key=lambda each: each[0].contender.precision != name)
            if alike:
                counts = count_window_tokens(alike[0][1])
                limits[name, beams] = derive_limit(machine, work, counts, beams=beams)
    return limits
