"""What is measured of an operator: rates, waits, requests, and whose processor time it was."""

import os
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from minio import Minio

from cluster import processes
from performance.job_load import JobLoad, KubernetesConnection
from performance.request_counts import read_counts
from support.service import OperatorProcess, Tenant

_SERVERS = (
    "kube-apiserver",
    "etcd",
    "minio",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
_NEARLY_ALL = 0.85
"""Share of the machine's processor time from which on nothing else can be the limit."""

_MET = 0.95
"""Share of the wanted rate from which on it is met: the last end comes after all creations."""


@dataclass(frozen=True)
class Throughput:
    """One run of many jobs."""

    jobs: int
    wanted_rate: float
    sustained_rate: float
    """Jobs a second from the first creation to the last end."""

    seconds_to_job_p50: float
    seconds_to_job_p95: float
    seconds_to_run_p95: float | None
    """To a pod that runs; None where there are no pods."""

    seconds_to_end_p95: float
    operator_peak_mebibytes: float
    requests_per_job: dict[str, float]
    """By verb and resource, those of everybody: the measurement itself creates each resource, and
    closes the Jobs where no controller does."""

    cpu_ms_per_job: dict[str, float]
    """Of each program, the measurement itself included."""

    machine_share: float
    """Share of all cores' time that these programs took together."""

    busy_share: float
    """The same of everything on this machine: a measurement beside other work is known by it."""

    limit: str


def find_limit(
    rate: float, wanted_rate: float, cpu_ms_per_job: Mapping[str, float], busy_share: float
) -> str:
    """Say what kept the rate from being higher."""
    if busy_share >= _NEARLY_ALL:
        name = max(cpu_ms_per_job, key=lambda each: cpu_ms_per_job[each])
        share = cpu_ms_per_job[name] / sum(cpu_ms_per_job.values())
        return f"the machine's processors, {share:.0%} of a job's time is {name}'s"
    if rate >= _MET * wanted_rate:
        return "nothing: as many were done as were asked for"
    return "no processor: something waits for answers"


def peak_mebibytes(pid: int) -> float:
    """Return the highest resident size so far, as Linux kept it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kibibytes) / 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its threads so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


class CpuWatch:
    """Processor time of everything that takes part, from its making on."""

    def __init__(self, tenant: Tenant, operator_pid: int) -> None:
        runs = (tenant.control_plane.run, tenant.minio_server.run)
        launched = {name: each for run in runs for name, each in run.servers().items()}
        found = {name: processes.find(launched[name]) for name in _SERVERS if name in launched}
        self._pids = {name: process.pid for name, process in found.items() if process}
        self._pids |= {"operator": operator_pid, "harness": psutil.Process().pid}
        self._before = self._now()
        self._idle_before = _idle_seconds()

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def spent(self) -> dict[str, float]:
        return {name: round(now - self._before[name], 2) for name, now in self._now().items()}

    def idle_seconds(self) -> float:
        """Return the time in which cores had nothing to do, all of them together."""
        return _idle_seconds() - self._idle_before


def _idle_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.idle + times.iowait)


async def measure_throughput(
    tenant: Tenant,
    store: Minio,
    operator: OperatorProcess,
    *,
    jobs: int,
    rate: float,
    kubeconfig: Path | None = None,
    with_pods: bool = False,
) -> Throughput:
    """Send jobs through a running operator, as the administrator or as somebody else."""
    pid = operator.programs[-1].process.pid
    kubernetes = KubernetesConnection.open(kubeconfig or tenant.control_plane.kubeconfig)
    try:
        load = JobLoad(kubernetes, store, tenant.namespace, with_pods=with_pods)
        counts, cpu = await read_counts(kubernetes), CpuWatch(tenant, pid)
        seconds = await load.run(jobs, rate=rate)
        idle_seconds = cpu.idle_seconds()
        spent, requests = cpu.spent(), await read_counts(kubernetes) - counts
    finally:
        await kubernetes.close()
    if others := Counter(life.phase for life in load.lives.values() if life.phase != "Succeeded"):
        raise AssertionError(f"not every job succeeded: {others}")
    to_job = [(life.has_job or life.created) - life.created for life in load.lives.values()]
    to_run = [life.runs - life.created for life in load.lives.values() if life.runs]
    to_end = [(life.ended or life.created) - life.created for life in load.lives.values()]
    cpu_ms_per_job = {name: round(1000 * each / jobs, 2) for name, each in spent.items()}
    rate_found = jobs / seconds
    all_seconds = seconds * (os.cpu_count() or 1)
    busy_share = round(1 - idle_seconds / all_seconds, 2)
    return Throughput(
        jobs=jobs,
        wanted_rate=rate,
        sustained_rate=round(rate_found, 1),
        seconds_to_job_p50=round(statistics.median(to_job), 3),
        seconds_to_job_p95=_percentile(to_job, 95),
        seconds_to_run_p95=_percentile(to_run, 95) if with_pods else None,
        seconds_to_end_p95=_percentile(to_end, 95),
        operator_peak_mebibytes=round(peak_mebibytes(pid), 1),
        requests_per_job={kind: round(requests[kind] / jobs, 2) for kind in sorted(requests)},
        cpu_ms_per_job=cpu_ms_per_job,
        machine_share=round(sum(spent.values()) / all_seconds, 2),
        busy_share=busy_share,
        limit=find_limit(rate_found, rate, cpu_ms_per_job, busy_share),
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 3)
