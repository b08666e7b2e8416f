"""Measures what the operator sustains on a real API server.

    PYTHONPATH=tests python -m performance.operator [--jobs 10000] [--rate 50] [--pods | --profile]

It starts a control plane and a MinIO of its own, runs the operator as a process with the rights
that it has in a cluster, and sends TranscriptionJobs through their whole life; of each figure it
prints a line of JSON. Their Jobs are completed at once by the measurement itself, where no
controller runs. Then it starts the operator once more, over all that has ended.

With `--pods` the Jobs are the Job controller's and the scheduler's, both free of rate limits, and
kwok plays the kubelet. With `--profile`, which makes everything slower, it also prints in which
packages the operator spent its time.
"""

import argparse
import asyncio
import json
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from minio import Minio

from performance.job_load import JobLoad, KubernetesConnection
from performance.operator_figures import cpu_seconds, measure_throughput, peak_mebibytes
from support.bare_servers import log_in_by_token, running_servers
from support.service import OperatorProcess, Tenant, running_operator

_SETTLED_SHARE = 0.05
"""Share of a core below which an operator that has started counts as done with what it found."""


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


@dataclass(frozen=True)
class _Bench:
    """Servers, an operator that was not started yet, and an administrator's kubeconfig."""

    tenant: Tenant
    store: Minio
    operator: OperatorProcess
    folder: Path
    administrator: Path


@contextmanager
def _prepared(*, with_pods: bool) -> Iterator[_Bench]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_servers(with_pods=with_pods) as (tenant, store),
        running_operator(
            tenant,
            Path(folder),
            WAAS_LOG_LEVEL="WARNING",
            # One that is not there would keep the scheduler from giving a pod its node.
            WAAS_MODEL_CACHE_CLAIM="",
        ) as operator,
    ):
        operator.kubeconfig = log_in_by_token(
            tenant,
            "waas-operator",
            f"namespaces/{tenant.namespace}/rolebindings",
            {"kind": "Role", "name": "waas-operator"},
        )
        administrator = log_in_by_token(
            tenant,
            "harness",
            "clusterrolebindings",
            {"kind": "ClusterRole", "name": "cluster-admin"},
        )
        yield _Bench(tenant, store, operator, Path(folder), administrator)


def _run(bench: _Bench, jobs: int, rate: float, *, with_pods: bool, is_profiled: bool) -> None:
    operator, profile = bench.operator, bench.folder / "profile"
    if is_profiled:
        operator.options = ("-m", "cProfile", "-o", str(profile))
    program = operator.start()
    operator.wait_until_ready()
    run = measure_throughput(
        bench.tenant,
        bench.store,
        operator,
        jobs=jobs,
        rate=rate,
        kubeconfig=bench.administrator,
        with_pods=with_pods,
    )
    throughput = asyncio.run(run)
    program.stop()
    print(json.dumps(asdict(throughput)), flush=True)
    if is_profiled:
        print(json.dumps(summarise_profile(profile, jobs)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--pods", action="store_true")
    kinds.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with _prepared(with_pods=arguments.pods) as bench:
        _run(
            bench,
            arguments.jobs,
            arguments.rate,
            with_pods=arguments.pods,
            is_profiled=arguments.profile,
        )
        if arguments.pods or arguments.profile:
            return
        start = measure_cold_start(
            bench.tenant,
            bench.store,
            bench.operator,
            finished_resources=arguments.jobs,
            kubeconfig=bench.administrator,
        )
        print(json.dumps(asdict(asyncio.run(start))))


if __name__ == "__main__":
    main()
