"""The most memory that a process held itself, by the kernel's own account."""

from pathlib import Path

_KIBIBYTE = 1024


def read_peak_bytes(pid: int) -> int:
    """Return the peak of a running process since it became its program.

    What a parent is told when its child has ended is no use: it counts in what the parent itself
    held when the child began.
    """
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * _KIBIBYTE
