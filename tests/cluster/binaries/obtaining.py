"""Gets the binaries: finds, downloads or builds each, and keeps what it got in the cache."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.binaries import builds, downloads
from cluster.binaries.choosing import Allowed, Choice, Source, choose
from cluster.binaries.machine import ARCHITECTURE, SYSTEM, ThisMachine, cache_folder
from cluster.binaries.pins import BINARIES, Binary

Report = Callable[[str], None]


def allowed_by_environment(build_by_default: bool) -> Allowed:
    """Reads WAAS_CLUSTER_DOWNLOAD (`never`) and WAAS_CLUSTER_BUILD (`1` or `never`)."""
    build = os.environ.get("WAAS_CLUSTER_BUILD", "")
    return Allowed(
        download=os.environ.get("WAAS_CLUSTER_DOWNLOAD") != "never",
        build=build != "never" and (build_by_default or build == "1"),
    )


def obtain(names: Iterable[str], allowed: Allowed, report: Report) -> dict[str, Path]:
    """Returns the file of each named binary, after downloading or building those not here.

    All are decided on before the first is fetched, so that one which can't be had is known
    before minutes go into another.
    """
    wanted = set(names)
    machine = ThisMachine(cache_folder())
    choices = {
        binary: choose(binary, machine, allowed) for binary in BINARIES if binary.name in wanted
    }
    minutes = _minutes(b.build_seconds for b, c in choices.items() if c.source is Source.BUILD)
    if minutes:
        report(f"some servers must be built first, once per machine: about {minutes} on two cores")
    return {
        binary.name: choice.path or _get(binary, choice, machine, report)
        for binary, choice in choices.items()
    }


def _minutes(seconds: Iterable[int]) -> str:
    total = sum(seconds)
    return "" if total == 0 else f"{total} s" if total < 90 else f"{round(total / 60)} min"


def _get(binary: Binary, choice: Choice, machine: ThisMachine, report: Report) -> Path:
    """Downloads or builds the binary into the cache, unless another process just did."""
    place = machine.place_in_cache(binary)
    place.parent.mkdir(parents=True, exist_ok=True)
    with _alone(place.with_name(f".{place.name}.lock"), binary, report):
        if place.exists():
            return place
        started = time.monotonic()
        what = f"{binary.name} {binary.version}"
        # In the same folder, so that the rename below is atomic: the cache never shows half a file.
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as folder:
            made = Path(folder) / binary.name
            if choice.source is Source.DOWNLOAD and binary.release is not None:
                report(f"downloading {what}")
                made.write_bytes(downloads.download(binary.release, SYSTEM, ARCHITECTURE))
            else:
                about = _minutes([binary.build_seconds])
                report(f"building {what}: not installed, cached or in reach; about {about}")
                builds.build(binary, made)
            made.chmod(0o755)
            made.rename(place)
        report(f"got {what} in {time.monotonic() - started:.0f} s: {place}")
    return place


@contextmanager
def _alone(lock: Path, binary: Binary, report: Report) -> Iterator[None]:
    """Holds a lock that the kernel releases even when this process is killed."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"another process is getting {binary.name}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
