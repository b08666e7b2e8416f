"""Runs this project's engine and its peers on the same recording, in turns, and compares them.

    make bench
    make bench BENCH="--rounds 1 --seconds 60 --contenders 'waas,faster-whisper batched 8'"

All of them get the same samples, the weights of the same model and as many threads. After every
round the table of all whole rounds goes to standard output, and everything that was measured to the
file of `--json`; whoever stops the benchmark keeps that.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from performance.engine.case import Mode
from performance.engine.contenders import BEAMS, GREEDY, find_contenders
from performance.engine.limit import Limit
from performance.engine.limits import Machines, better_machines, derive_limits, measure_machines
from performance.engine.report import derive_rows, render_table
from performance.engine.rounds import Entry, Plan, Series, run_rounds
from performance.model_shapes import SHAPES
from support.media import Samples
from support.spoken_mix import REPORT_SEED, Mix, make_mix
from waas_job.cpu_quota import count_processors

_WARM_UP_SECONDS = 10


@dataclass(frozen=True)
class Bench:
    """What is run, and where what comes of it goes."""

    plan: Plan
    mix: Mix
    json: Path | None


def main() -> None:
    arguments = _parse_arguments()
    # As Ctrl-C does, so that what was measured is told.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
        try:
            _run(Bench(plan, mix, arguments.json))
        except KeyboardInterrupt:
            sys.exit("Stopped: the last table is that of all whole rounds.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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


def _run(bench: Bench) -> None:
    machines = measure_machines(bench.plan)
    for series in run_rounds(bench.plan, lambda line: print(line, file=sys.stderr, flush=True)):
        machines = better_machines(machines, measure_machines(bench.plan))
        _publish(bench, series, machines)


def _publish(bench: Bench, series: Mapping[Entry, Series], machines: Machines) -> None:
    plan, mix = bench.plan, bench.mix
    limits = derive_limits(plan, series, machines)
    rows = derive_rows(plan, mix, series, limits)
    print(f"\n{mix.seconds:.0f} s of sound, {plan.model}, {plan.threads} threads")
    print(f"Load of the machine in the last 15 minutes: {os.getloadavg()[2]:.1f}")
    for machine in machines.values():
        print(machine)
    for (precision, beams), limit in limits.items():
        best = mix.seconds / limit.seconds
        print(f"At best {best:.1f} x real time in {precision}, beams {beams}: {limit}")
    print(render_table(rows), flush=True)
    if bench.json:
        content = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": plan.model,
            "seconds": mix.seconds,
            "machines": TypeAdapter(Machines).dump_python(machines),
            "limits": [
                {"precision": precision, "beams": beams, **TypeAdapter(Limit).dump_python(limit)}
                for (precision, beams), limit in limits.items()
            ],
            "rows": TypeAdapter(list).dump_python(rows, mode="json"),
        }
        bench.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
