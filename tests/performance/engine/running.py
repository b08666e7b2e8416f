"""Runs a case in a process of its own and watches what it takes."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from performance.engine.case import ANSWER, CASE, Answer, Case
from performance.engine.contender_weights import find_weights
from performance.engine.memory_cgroup import memory_cgroup, peak_bytes
from waas_job.cpu_quota import thread_variables

_TESTS = Path(__file__).parents[2]

# The process is counted in its cgroup from before it is Python.
_ENTER = 'echo $$ > "$0"; exec "$@"'


@dataclass(frozen=True)
class Run:
    """What one process did."""

    answer: Answer
    cgroup_bytes: int | None
    """The most of all its processes, by the kernel's count; None without the right to ask."""


class ContenderFailed(Exception):
    """Its process ended without an answer."""


def run(case: Case) -> Run:
    """Run a case; its samples and weights are best in the page cache, for all alike.

    Raises:
        ContenderFailed: it ended without an answer; says what it wrote last.
    """
    with tempfile.TemporaryDirectory() as folder, memory_cgroup("waas-bench") as cgroup:
        case_file, answer_file = Path(folder) / "case.json", Path(folder) / "answer.json"
        output = Path(folder) / "output"
        variables = {**os.environ, **thread_variables(case.threads), "PYTHONPATH": str(_TESTS)}
        with output.open("wb") as file:
            weights = find_weights(case.adapter, case.model)
            told = replace(case, weights=weights, started=time.monotonic())
            case_file.write_bytes(CASE.dump_json(told))
            enter = ["sh", "-c", _ENTER, str(cgroup / "cgroup.procs")] if cgroup else []
            process = subprocess.Popen(
                [*enter, sys.executable, "-m", "performance.engine.child", case_file, answer_file],
                env=variables,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                status = process.wait()
            finally:
                # Where the benchmark is stopped, nothing of it goes on.
                process.kill()
                process.wait()
        if status or not answer_file.exists():
            last = "\n".join(output.read_text(errors="replace").splitlines()[-5:])
            raise ContenderFailed(f"{case.adapter} ended with {status}: {last}")
        return Run(
            answer=ANSWER.validate_json(answer_file.read_bytes()),
            cgroup_bytes=peak_bytes(cgroup) if cgroup else None,
        )
