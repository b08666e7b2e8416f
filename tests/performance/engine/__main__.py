"""Runs this project's engine and its peers on the same recording, in turns, and compares them.

    make bench
    make bench BENCH="--rounds 1 --seconds 60 --contenders 'waas,faster-whisper batched 8'"

All of them get the same samples, the weights of the same model and as many threads. The table goes
to standard output, everything that was measured to the file of `--json`.
"""

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from performance.engine.case import Mode
from performance.engine.contenders import BEAMS, GREEDY, OURS, find_contenders
from performance.engine.limit import Limit, Machine, derive_limit, derive_work, measure_machine
from performance.engine.report import Row, derive_rows, render_table
from performance.engine.rounds import Entry, Plan, Series, run_rounds
from performance.engine.windows import count_window_tokens
from performance.model_shapes import SHAPES
from support.media import Samples
from support.spoken_mix import REPORT_SEED, make_mix
from waas_job.cpu_quota import count_processors
from waas_job.engine.device import choose_precision

_WARM_UP_SECONDS = 10
_CPU = torch.device("cpu")


def main() -> None:
    arguments = _parse_arguments()
    mix = make_mix(seed=arguments.seed, seconds=arguments.seconds)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            contenders=find_contenders(arguments.contenders),
            modes=[Mode(each) for each in arguments.modes.split(",")],
            beam_sizes=[int(each) for each in arguments.beams.split(",")],
            rounds=arguments.rounds,
            model=arguments.model,
            threads=arguments.threads,
            sound=_store(Path(folder) / "mix.npy", mix.samples),
            warm_up=_store(
                Path(folder) / "warm-up.npy",
                make_mix(seed=arguments.seed + 1, seconds=_WARM_UP_SECONDS).samples,
            ),
        )
        before = _measure(plan)
        series = run_rounds(plan, lambda line: print(line, file=sys.stderr, flush=True))
        machine = _better(before, _measure(plan))
    limit = _limit(plan, series, machine)
    rows = derive_rows(plan, mix, series, limit_seconds=limit.seconds if limit else None)
    print(f"{mix.seconds:.0f} s of sound, {plan.model}, {plan.threads} threads")
    print(f"Load of the machine in the last 15 minutes: {os.getloadavg()[2]:.1f}")
    print(machine)
    if limit:
        print(f"At best {mix.seconds / limit.seconds:.1f} x real time: {limit}")
    print(render_table(rows))
    if arguments.json:
        _write_json(arguments.json, plan, machine, limit, rows)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=295)
    parser.add_argument("--seed", type=int, default=REPORT_SEED)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", default=",".join(Mode))
    parser.add_argument("--beams", default=f"{GREEDY},{BEAMS}")
    parser.add_argument("--contenders", help="beginnings of their names; all by default")
    parser.add_argument("--model", default="base", choices=sorted(SHAPES))
    parser.add_argument("--threads", type=int, default=count_processors())
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _store(path: Path, samples: Samples) -> Path:
    np.save(path, samples)
    return path


def _measure(plan: Plan) -> Machine:
    torch.set_num_threads(plan.threads)
    return measure_machine(SHAPES[plan.model], device=_CPU, dtype=_precision())


def _precision() -> torch.dtype:
    """Return that in which our engine computes on this machine, so that the limit is its own."""
    return choose_precision("auto", _CPU)


def _better(first: Machine, second: Machine) -> Machine:
    rates = first.gigaflops.items()
    return Machine(
        gigaflops={name: max(rate, second.gigaflops[name]) for name, rate in rates},
        stream_gigabytes=max(first.stream_gigabytes, second.stream_gigabytes),
        precision=first.precision,
    )


def _limit(plan: Plan, series: dict[Entry, Series], machine: Machine) -> Limit | None:
    """Return the limit for the windows into which our engine cuts the recording."""
    for entry, runs in series.items():
        if entry.contender.name == OURS and runs.warm:
            work = derive_work(SHAPES[plan.model], _precision().itemsize)
            counts = count_window_tokens(runs.warm[0].answer.transcribed[0].segments)
            return derive_limit(machine, work, counts)
    return None


def _write_json(
    path: Path, plan: Plan, machine: Machine, limit: Limit | None, rows: list[Row]
) -> None:
    content = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": plan.model,
        "rounds": plan.rounds,
        "machine": TypeAdapter(Machine).dump_python(machine),
        "limit": TypeAdapter(Limit | None).dump_python(limit),
        "rows": TypeAdapter(list[Row]).dump_python(rows, mode="json"),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
