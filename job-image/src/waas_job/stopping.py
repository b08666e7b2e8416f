"""Ends the program at once when Kubernetes asks for it.

A signal handler of Python's would run only after the matrix product at hand; on a CPU that may be
longer than the grace period. A thread that waits for the signal is not held up by it.
"""

import os
import signal
import threading
from collections.abc import Callable

STOPPED_EXIT_CODE = 128 + signal.SIGTERM
"""What a process that SIGTERM killed exits with, as a shell tells it."""


def stop_on_sigterm(before_end: Callable[[], None]) -> None:
    """Call `before_end` and exit, whatever else is going on, when SIGTERM comes.

    To be called before any other thread is started: they inherit that SIGTERM is blocked.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        signal.sigwait({signal.SIGTERM})
        try:
            before_end()
        finally:
            os._exit(STOPPED_EXIT_CODE)

    threading.Thread(target=wait, name="sigterm", daemon=True).start()
