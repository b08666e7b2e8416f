"""Stops the servers of a run when the process that owns them dies, however it dies.

The owner holds the other end of this process's standard input. The kernel closes it when the owner
ends, by SIGKILL too. (PR_SET_PDEATHSIG would need no process, but the signal comes when the
*thread* that started a server ends, and setting it needs code between fork and exec.)
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.ending import end
from cluster.run_folder import RunFolder

_TESTS = Path(__file__).parents[1]


@contextmanager
def watched(run: RunFolder) -> Iterator[None]:
    """Has the run stopped and its data deleted if this process dies before the block ends."""
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "cluster.watchdog", str(run.path)],
        stdin=subprocess.PIPE,
        # A Ctrl-C in the terminal is the owner's to handle.
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(_TESTS)},
    )
    try:
        yield
    finally:
        watchdog.communicate()


def stop_and_remove(run: RunFolder) -> None:
    """Ends a run of a test session; the logs stay for whoever looks into a failure."""
    with run.alone():
        end(run, keep_logs=True)


if __name__ == "__main__":
    sys.stdin.read()
    stop_and_remove(RunFolder(Path(sys.argv[1])))
