"""Measures how fast the api tells of jobs where there are many, with its watch and without.

See api.py. Figures are in milliseconds and bytes. Latency counts from the moment at which a request
was due, so that an api that falls behind does not look faster for it.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp
import httpx
import psutil

from support.kubernetes_api import (
    Resource,
    transcription_job_resource,
    transcription_jobs_path,
)
from support.service import Tenant, running_api

_WRITERS = 8
_LIVELY = ("Running", "Queued", "Queued", "Succeeded")


@dataclass(frozen=True)
class Latency:
    """One series of requests to one path."""

    requests: int
    per_second: float
    """The rate that was kept up in fact."""

    p50_ms: float
    p99_ms: float


def fill(tenant: Tenant, count: int) -> list[str]:
    """Make jobs, one in eight of them waiting or running; returns their names."""
    names = [f"job-{number:05d}" for number in range(count)]
    with ThreadPoolExecutor(_WRITERS) as threads:
        list(threads.map(lambda name: _make(tenant, name), names))
    return names


def _make(tenant: Tenant, name: str) -> None:
    number = int(name.removeprefix("job-"))
    source = {"key": f"{tenant.namespace}/{name}/audio/a.mp3", "fileName": f"{name}.mp3"}
    path = transcription_jobs_path(tenant.namespace)
    resource = tenant.api.request("POST", path, transcription_job_resource(name, source=source))
    phase = _LIVELY[number // 8 % 4] if number % 8 == 0 else "Succeeded"
    status = _make_status(phase)
    tenant.api.request("PUT", f"{path}/{name}/status", {**resource, "status": status})


def _make_status(phase: str) -> Resource:
    now = datetime.now(UTC)
    condition = {
        "status": "True",
        "reason": "Completed",
        "message": "The transcript is stored.",
        "lastTransitionTime": now.isoformat(),
    }
    types = ("Accepted", "Started", "ResultsStored", "Succeeded")
    return {
        "phase": phase,
        "attempts": 1,
        "conditions": [{"type": each, **condition} for each in types],
        "startTime": (now - timedelta(seconds=60)).isoformat(),
        "completionTime": now.isoformat(),
        "audio": {"durationSeconds": 600, "language": "no"},
        "progress": {"percent": 50, "processedSeconds": 300, "updatedTime": now.isoformat()},
    }


async def ask(base_url: str, paths: Sequence[str], *, count: int, per_second: float) -> Latency:
    """Send requests at a rate, whether or not earlier ones were answered."""
    latencies: list[float] = []

    async def send(client: aiohttp.ClientSession, path: str, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        async with client.get(path) as answer:
            await answer.read()
            if answer.status != 200:
                raise AssertionError(f"{path} was answered with {answer.status}")
        latencies.append(1000 * (time.perf_counter() - due))

    connector = aiohttp.TCPConnector(limit=64)
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(base_url, connector=connector, timeout=timeout) as client:
        began = time.perf_counter() + 0.1
        chosen = itertools.islice(itertools.cycle(paths), count)
        await asyncio.gather(
            *(send(client, path, began + n / per_second) for n, path in enumerate(chosen))
        )
        seconds = time.perf_counter() - began
    cuts = quantiles(latencies, n=100, method="inclusive")
    return Latency(count, round(count / seconds, 1), round(cuts[49], 2), round(cuts[98], 2))


def _memory_of(port: int) -> int:
    for process in psutil.Process().children(recursive=True):
        if any(each.laddr.port == port for each in process.net_connections("tcp")):
            return int(process.memory_info().rss)
    raise AssertionError(f"nobody listens on {port}")


@dataclass(frozen=True)
class Load:
    """How much is asked."""

    count: int
    per_second: float
    lists: int
    lists_per_second: float


def _measure(client: httpx.Client, names: Sequence[str], load: Load) -> Any:
    base_url = str(client.base_url)
    series = {
        "GET /v2/jobs/{id}": [f"/v2/jobs/{name}" for name in names[:: max(1, len(names) // 97)]],
        "GET /v1/jobs/{id}": [f"/v1/jobs/{name}" for name in names[:: max(1, len(names) // 89)]],
        "GET /v2/jobs": ["/v2/jobs?limit=50"],
        "GET /v2/jobs?filters": ["/v2/jobs?limit=50&phase=Running&sort=file_name"],
    }
    found: dict[str, Any] = {}
    for name, paths in series.items():
        is_list = "{id}" not in name
        count = load.lists if is_list else load.count
        rate = load.lists_per_second if is_list else load.per_second
        found[name] = asdict(asyncio.run(ask(base_url, paths, count=count, per_second=rate)))
    found["memory_bytes"] = _memory_of(client.base_url.port or 0)
    return found


def compare(
    tenant: Tenant, folder: Path, *, jobs: int, load: Load, uncached_load: Load
) -> dict[str, Any]:
    """Return the figures of both, and how many times as long the one without a watch takes."""
    names = fill(tenant, jobs)
    with running_api(tenant, folder) as client:
        watched = _measure(client, names, load)
    with running_api(tenant, folder, "performance.uncached_api") as client:
        uncached = _measure(client, names, uncached_load)
    ratios = {
        name: round(uncached[name]["p50_ms"] / figures["p50_ms"], 1)
        for name, figures in watched.items()
        if isinstance(figures, dict)
    }
    return {"jobs": jobs, "watched": watched, "uncached": uncached, "p50_ratio": ratios}
