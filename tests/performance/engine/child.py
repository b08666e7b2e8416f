"""The process that a contender runs in: `python -m performance.engine.child CASE ANSWER`.

It imports nothing that its contender does not need before the clock of that contender runs.
"""

import importlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from performance.engine.case import ANSWER, CASE, Answer, Case, Transcribe, Transcribed
from performance.engine.resident_memory import read_peak_bytes
from support.media import Samples


def main(case_file: Path, answer_file: Path) -> None:
    case = CASE.validate_json(case_file.read_bytes())
    answer_file.write_bytes(ANSWER.dump_json(run(case)))


def run(case: Case) -> Answer:
    """Load the contender, warm it up if asked to, and time it."""
    importlib.import_module(case.foundation)
    founded = time.monotonic()
    adapter = importlib.import_module(f"performance.engine.adapters.{case.adapter}")
    transcribe: Transcribe = adapter.load(case)
    loaded = time.monotonic()
    if case.warm_up:
        _time(transcribe, np.load(case.warm_up))
    transcribed = tuple(_time(transcribe, np.load(path)) for path in case.sounds)
    finished = time.monotonic()
    return Answer(
        version=adapter.version(),
        founded=founded - case.started,
        loaded=loaded - case.started,
        finished=finished - case.started,
        resident_bytes=read_peak_bytes(os.getpid()),
        transcribed=transcribed,
    )


def _time(transcribe: Transcribe, samples: Samples) -> Transcribed:
    told: list[float] = []
    cpu_before, before = _cpu_seconds(), time.monotonic()
    segments = tuple(transcribe(samples, lambda: told.append(time.monotonic())))
    after = time.monotonic()
    return Transcribed(
        seconds=after - before,
        cpu_seconds=_cpu_seconds() - cpu_before,
        seconds_to_text=(told[0] if told else after) - before,
        segments=segments,
    )


def _cpu_seconds() -> float:
    own = psutil.Process()
    total = sum(own.cpu_times()[:4])
    for process in own.children(recursive=True):
        total += sum(process.cpu_times()[:2])
    return total


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
