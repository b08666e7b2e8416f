"""What this machine has: cores, memory and GPUs."""

import os
import subprocess
from itertools import takewhile
from pathlib import Path

import psutil

from waas_contract.job_environment import Device
from waas_standalone.capacity import Machine

_SECONDS_FOR_GPUS = 10.0
_VM_STATISTICS = Path("/proc/vmstat")


def look_at_machine(device: Device) -> Machine:
    """Return what there is to share."""
    return Machine(
        cores=_list_cores(),
        memory_bytes=psutil.virtual_memory().available,
        gpus=() if device == "cpu" else _list_gpus(),
    )


def _list_cores() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _list_gpus() -> tuple[str, ...]:
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        # CUDA takes those before the first that there cannot be; many write -1 for none at all.
        names = (name.strip() for name in chosen.split(","))
        return tuple(takewhile(lambda name: name and not name.startswith("-"), names))
    try:
        # Not torch: it takes seconds, and would hold memory of each GPU for as long as we live.
        listing = subprocess.run(
            ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"],
            capture_output=True,
            check=True,
            text=True,
            timeout=_SECONDS_FOR_GPUS,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in listing.splitlines() if line.strip())


def count_memory_kills() -> int:
    """Return how many processes the kernel has killed for memory; 0 where it does not say."""
    try:
        lines = _VM_STATISTICS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
