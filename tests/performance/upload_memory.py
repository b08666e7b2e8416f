"""Measures how much the api's process grows while long recordings are uploaded to a real store."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from support.live_api import serving_process
from support.service import free_port

MEBIBYTE = 1024 * 1024
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Measurement:
    """One run."""

    upload_bytes: int
    uploads_at_once: int
    seconds: float
    idle_bytes: int
    peak_bytes: int
    growth_bytes: int
    threads: int


def _generate(size: int) -> Iterator[bytes]:
    """Yield bytes that are the same at every run and not the same in every part."""
    block = bytearray(range(256)) * (CHUNK_BYTES // 256)
    for number in range(size // CHUNK_BYTES):
        block[:8] = number.to_bytes(8, "big")
        yield bytes(block)


def _upload(port: int, size: int) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/transcribe?email_callback=",
        content=_generate(size),
        timeout=httpx.Timeout(60, write=60, read=600),
        trust_env=False,
    )
    if answer.status_code != 201:
        raise AssertionError(f"the upload was answered with {answer.status_code}: {answer.text}")


class _PeakWatch(threading.Thread):
    """Looks at a process's resident size a hundred times a second."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._is_over = threading.Event()
        self.peak_bytes = 0
        self.threads = 0

    def run(self) -> None:
        while not self._is_over.wait(0.01):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)
            self.threads = max(self.threads, self._process.num_threads())

    def stop(self) -> None:
        self._is_over.set()
        self.join()


def _highest_ever(pid: int) -> int:
    """Return the peak that Linux itself kept, which no look can miss; elsewhere 0."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def measure(variables: dict[str, str], *, size: int, at_once: int = 1) -> Measurement:
    """Upload as many recordings of a size at once to an api of its own, and watch it."""
    port = free_port()
    with serving_process({"WAAS_NAMESPACE": "memory", **variables}, port) as api:
        process = psutil.Process(api.pid)
        httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        idle_bytes = process.memory_info().rss
        watch = _PeakWatch(process)
        watch.start()
        started = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda _: _upload(port, size), range(at_once)))
        seconds = time.monotonic() - started
        watch.stop()
        peak_bytes = max(watch.peak_bytes, _highest_ever(api.pid))
    return Measurement(
        upload_bytes=size,
        uploads_at_once=at_once,
        seconds=round(seconds, 1),
        idle_bytes=idle_bytes,
        peak_bytes=peak_bytes,
        growth_bytes=peak_bytes - idle_bytes,
        threads=watch.threads,
    )
