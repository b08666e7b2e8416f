"""A program at a terminal, as a person would have it."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Runs a command on a terminal of its own; what it shows is kept as text."""

    def __init__(self, command: Sequence[str]) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _: type[BaseException] | None,
        __: BaseException | None,
        ___: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read(self, seconds: float) -> None:
        readable, _, _ = select.select([self._ours], [], [], seconds)
        if not readable:
            return
        try:
            text = os.read(self._ours, 65536).decode(errors="replace")
        except OSError:
            # The other side has closed its end.
            time.sleep(seconds)
            return
        self.shown += _CONTROL.sub("", text)

    def wait_for(self, text: str, *, timeout_seconds: float = 180) -> None:
        """Read until a text is shown."""
        deadline = time.monotonic() + timeout_seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} is not in:\n{self.shown}"
            self._read(0.1)

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait(self, *, timeout_seconds: float = 180) -> int:
        """Read until the command has ended and return its exit code."""
        deadline = time.monotonic() + timeout_seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end:\n{self.shown}"
            self._read(0.1)
        self._read(0.1)
        return self.process.returncode
