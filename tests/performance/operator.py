"""Measures what the operator sustains on a real API server, with its Jobs completed at once.

    PYTHONPATH=tests python -m performance.operator [--jobs 10000] [--rate 50] [--profile]

It starts a control plane without controllers and a MinIO of its own, runs the operator as a process
with the rights that it has in a cluster, and sends TranscriptionJobs through their whole life. Then
it starts the operator once more, over all that has ended. Prints a line of JSON; with `--profile`,
which makes everything slower, it also prints in which packages the operator spent its time.
"""

import argparse
import asyncio
import json
import pstats
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from minio import Minio

from cluster import processes
from performance.job_load import JobLoad, KubernetesConnection
from performance.operator_servers import log_in_by_token, running_servers
from performance.request_counts import read_counts
from support.service import OperatorProcess, Tenant, running_operator

_SERVERS = ("kube-apiserver", "etcd", "minio")
_SETTLED_SHARE = 0.05
"""Share of a core below which an operator that has started counts as done with what it found."""


@dataclass(frozen=True)
class Throughput:
    """One run of many jobs."""

    jobs: int
    wanted_rate: float
    sustained_rate: float
    """Jobs a second from the first creation to the last end."""

    seconds_to_job_p50: float
    seconds_to_job_p95: float
    seconds_to_end_p95: float
    operator_cpu_ms_per_job: float
    operator_peak_mebibytes: float
    requests_per_job: dict[str, float]
    """By verb and resource, the harness's own two included: creation, and the Job's status."""

    cpu_seconds: dict[str, float]
    """Of each program, the harness included."""


@dataclass(frozen=True)
class ColdStart:
    """One start over resources that have ended."""

    finished_resources: int
    ready_seconds: float
    first_job_seconds: float
    """From the start to the Job of a resource that was waiting."""

    settled_seconds: float
    """Until it had gone through all and was idle."""

    cpu_seconds: float
    peak_mebibytes: float


def peak_mebibytes(pid: int) -> float:
    """Return the highest resident size so far, as Linux kept it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kibibytes) / 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its threads so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


class _CpuWatch:
    """Processor time of everything that takes part, from its making on."""

    def __init__(self, tenant: Tenant, operator_pid: int) -> None:
        runs = (tenant.control_plane.run, tenant.minio_server.run)
        launched = {name: each for run in runs for name, each in run.servers().items()}
        found = {name: processes.find(launched[name]) for name in _SERVERS if name in launched}
        self._pids = {name: process.pid for name, process in found.items() if process}
        self._pids |= {"operator": operator_pid, "harness": psutil.Process().pid}
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def spent(self) -> dict[str, float]:
        return {name: round(now - self._before[name], 2) for name, now in self._now().items()}


async def measure_throughput(
    tenant: Tenant,
    store: Minio,
    operator: OperatorProcess,
    *,
    jobs: int,
    rate: float,
    kubeconfig: Path | None = None,
) -> Throughput:
    """Send jobs through a running operator, as the administrator or as somebody else."""
    pid = operator.programs[-1].process.pid
    kubernetes = KubernetesConnection.open(kubeconfig or tenant.control_plane.kubeconfig)
    try:
        load = JobLoad(kubernetes, store, tenant.namespace)
        counts, cpu = await read_counts(kubernetes), _CpuWatch(tenant, pid)
        seconds = await load.run(jobs, rate=rate)
        spent, requests = cpu.spent(), await read_counts(kubernetes) - counts
    finally:
        await kubernetes.close()
    if others := Counter(life.phase for life in load.lives.values() if life.phase != "Succeeded"):
        raise AssertionError(f"not every job succeeded: {others}")
    to_job = [(life.has_job or life.created) - life.created for life in load.lives.values()]
    to_end = [(life.ended or life.created) - life.created for life in load.lives.values()]
    return Throughput(
        jobs=jobs,
        wanted_rate=rate,
        sustained_rate=round(jobs / seconds, 1),
        seconds_to_job_p50=round(statistics.median(to_job), 3),
        seconds_to_job_p95=_percentile(to_job, 95),
        seconds_to_end_p95=_percentile(to_end, 95),
        operator_cpu_ms_per_job=round(1000 * spent["operator"] / jobs, 2),
        operator_peak_mebibytes=round(peak_mebibytes(pid), 1),
        requests_per_job={kind: round(requests[kind] / jobs, 2) for kind in sorted(requests)},
        cpu_seconds=spent,
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 3)


async def measure_cold_start(
    tenant: Tenant,
    store: Minio,
    operator: OperatorProcess,
    *,
    finished_resources: int,
    kubeconfig: Path,
) -> ColdStart:
    """Start an operator over what has ended, with one job that waits for it."""
    kubernetes = KubernetesConnection.open(kubeconfig)
    try:
        load = JobLoad(kubernetes, store, tenant.namespace)
        one = asyncio.create_task(load.run(1, rate=50, prefix="waiting"))
        while not load.lives:
            await asyncio.sleep(0.01)
        started = time.monotonic()
        operator.start()
        await asyncio.to_thread(operator.wait_until_ready)
        ready_seconds = time.monotonic() - started
        await one
        pid = operator.programs[-1].process.pid
        settled = await _wait_until_settled(pid)
    finally:
        await kubernetes.close()
    [life] = load.lives.values()
    return ColdStart(
        finished_resources=finished_resources,
        ready_seconds=round(ready_seconds, 1),
        first_job_seconds=round((life.has_job or 0) - started, 1),
        settled_seconds=round(settled - started, 1),
        cpu_seconds=round(cpu_seconds(pid), 1),
        peak_mebibytes=round(peak_mebibytes(pid), 1),
    )


async def _wait_until_settled(pid: int) -> float:
    """Return the moment from which the process was idle for two seconds."""
    idle_since, spent = time.monotonic(), cpu_seconds(pid)
    while time.monotonic() - idle_since < 2:
        await asyncio.sleep(0.5)
        before, spent = spent, cpu_seconds(pid)
        if spent - before > _SETTLED_SHARE * 0.5:
            idle_since = time.monotonic()
    return idle_since


def summarise_profile(path: Path, jobs: int) -> dict[str, float]:
    """Return the operator's own milliseconds a job by package, most first."""
    spent: Counter[str] = Counter()
    for (file, _, function), (_, _, own_seconds, _, _) in pstats.Stats(str(path)).stats.items():  # type: ignore[attr-defined] # it is documented, and typeshed leaves it out
        spent[_package(file, function)] += own_seconds
    return {name: round(1000 * seconds / jobs, 2) for name, seconds in spent.most_common(16)}


def _package(file: str, function: str) -> str:
    if file == "~":
        return function.strip("<>").split("' of '")[0][:60]
    parts = Path(file).parts
    for parent in ("site-packages", "src", "python3.11"):
        if parent in parts:
            return Path(parts[parts.index(parent) + 1]).stem
    return parts[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_servers() as (tenant, store),
        running_operator(tenant, Path(folder), WAAS_LOG_LEVEL="WARNING") as operator,
    ):
        operator.kubeconfig = log_in_by_token(
            tenant,
            "waas-operator",
            f"namespaces/{tenant.namespace}/rolebindings",
            {"kind": "Role", "name": "waas-operator"},
        )
        harness = log_in_by_token(
            tenant,
            "harness",
            "clusterrolebindings",
            {"kind": "ClusterRole", "name": "cluster-admin"},
        )
        profile = Path(folder) / "profile"
        if arguments.profile:
            operator.options = ("-m", "cProfile", "-o", str(profile))
        program = operator.start()
        operator.wait_until_ready()
        run = measure_throughput(
            tenant,
            store,
            operator,
            jobs=arguments.jobs,
            rate=arguments.rate,
            kubeconfig=harness,
        )
        throughput = asyncio.run(run)
        program.stop()
        print(json.dumps(asdict(throughput)), flush=True)
        if arguments.profile:
            print(json.dumps(summarise_profile(profile, arguments.jobs)))
            return
        start = measure_cold_start(
            tenant, store, operator, finished_resources=arguments.jobs, kubeconfig=harness
        )
        print(json.dumps(asdict(asyncio.run(start))))


if __name__ == "__main__":
    main()
