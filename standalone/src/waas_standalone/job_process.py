"""The job program as a process of this machine: what a kubelet and a container runtime do."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import ValidationError

from waas_contract.job_environment import ItemOutcome, JobEnvironment, TerminationMessage
from waas_standalone.capacity import Slot

LARGEST_LOG_BYTES = 8 << 20
"""Beyond it, the older half of a log goes."""

_URLS_VARIABLE = "WAAS_URLS_DIRECTORY"

# What a program needs of this process's own environment; a container's image has it, too.
_PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "HOME",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "TZ",
    # Who hides the GPUs from us hides them from the program; a slot's own goes before it.
    "CUDA_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
)


@dataclass(frozen=True)
class RunFolder:
    """What one program has for itself."""

    path: Path

    @property
    def urls(self) -> Path:
        """Return where the Secrets' files lie."""
        return self.path / "urls"

    @property
    def scratch(self) -> Path:
        """Return where the program may write."""
        return self.path / "scratch"

    @property
    def last_words(self) -> Path:
        """Return where the program says how each item ended."""
        return self.path / "termination-message"

    @property
    def log(self) -> Path:
        """Return where its output goes."""
        return self.path / "log"

    def lay_out(self, files: Mapping[str, bytes], log_links: Sequence[Path]) -> None:
        """Make the folder, with the Secrets' files and the log under its other names."""
        for each in (self.path, self.urls, self.scratch):
            each.mkdir(mode=0o700)
        for name, content in files.items():
            (self.urls / name).write_bytes(content)
        self.log.touch()
        for link in log_links:
            link.parent.mkdir(parents=True, exist_ok=True)
            # A pod that an earlier program did not come to has the same name still.
            link.unlink(missing_ok=True)
            link.hardlink_to(self.log)

    def environment(self, environment: JobEnvironment, model_directory: Path) -> JobEnvironment:
        """Return the environment with the volumes where they lie on this machine."""
        return environment.model_copy(
            update={
                "model_directory": str(model_directory),
                "urls_directory": str(self.urls),
                "scratch_directory": str(self.scratch),
                "termination_message_path": str(self.last_words),
            }
        )

    def read_outcomes(self) -> dict[str, ItemOutcome]:
        """Return how items have ended so far, by name."""
        try:
            message = TerminationMessage.model_validate_json(self.last_words.read_bytes())
        except (OSError, ValidationError):
            # Not there yet, or just being written.
            return {}
        return {outcome.name: outcome for outcome in message.outcomes}

    def bound_log(self) -> None:
        """Keep the log from filling the disk."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LARGEST_LOG_BYTES:
                newest = self.log.read_bytes()[-LARGEST_LOG_BYTES // 2 :]
                # The program goes on at the new end: it appends.
                os.truncate(self.log, 0)
                with self.log.open("ab") as log:
                    log.write(newest)

    def remove(self) -> None:
        """Remove it; the log stays under its other names."""
        shutil.rmtree(self.path, ignore_errors=True)


def build_variables(own: Mapping[str, str], slot: Slot) -> dict[str, str]:
    """Return what a program gets of this process's own environment, and its slot's GPU."""
    variables = {name: own[name] for name in _PASSED_ON if name in own}
    if slot.gpu is not None:
        variables["CUDA_VISIBLE_DEVICES"] = slot.gpu
    return variables


class JobProcess:
    """A running program, with a process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def start(cls, environment: JobEnvironment, folder: RunFolder, slot: Slot) -> "JobProcess":
        """Start the program on the slot's cores and GPU."""
        variables = {
            **build_variables(os.environ, slot),
            "TMPDIR": str(folder.scratch),
            **environment.to_variables(),
        }
        with folder.log.open("ab") as log, _on_cores(slot.cores):
            return cls(
                subprocess.Popen(
                    [sys.executable, "-m", "waas_job"],
                    cwd=folder.path,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # Ctrl-C in the terminal is for the server, which ends it in its own way.
                    start_new_session=True,
                )
            )

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the return code once it has ended; negative for a signal."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


@contextlib.contextmanager
def _on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Hold this thread to some cores, and with it what it starts."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def end_orphans(runs: Path) -> list[int]:
    """Kill job programs that a server which is gone left behind; returns their numbers.

    They are known by their environment, which names a folder below `runs`: unlike a number that
    was noted somewhere, it is there from a program's first moment and is never another's.
    """
    ended: list[int] = []
    while orphans := list(_find_orphans(runs)):
        for orphan in orphans:
            with contextlib.suppress(psutil.Error):
                orphan.kill()
            ended.append(orphan.pid)
        psutil.wait_procs(orphans, timeout=10)
    return ended


def _find_orphans(runs: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            is_ours = Path(variables.get(_URLS_VARIABLE, "/")).is_relative_to(runs)
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError, ValueError):
            # Another person's, or gone by now.
            continue
    return found
