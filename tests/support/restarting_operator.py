"""An operator that a kubelet would start again whenever it ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.service import OperatorProcess, Program

_POLL_SECONDS = 0.2


@dataclass
class RestartingOperator:
    """Keeps one operator process alive until it is stopped."""

    operator: OperatorProcess
    module: str
    variables: dict[str, str]
    exit_codes: list[int] = field(default_factory=list)
    """Of those that ended by themselves."""

    _stopped: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Program:
        """Start it, once; `run` starts it again."""
        return self.operator.start(self.module, **self.variables)

    def run(self, program: Program) -> None:
        """Start it again whenever it has ended, until it is told to stop."""
        while not self._stopped.wait(_POLL_SECONDS):
            code = program.process.poll()
            if code is not None:
                self.exit_codes.append(code)
                program = self.start()
        program.stop()

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def restarting(
    operator: OperatorProcess, module: str = "waas_operator", **variables: str
) -> Iterator[RestartingOperator]:
    """Keep an operator running; it is told to stop at the end."""
    kept = RestartingOperator(operator, module, variables)
    thread = threading.Thread(target=kept.run, args=(kept.start(),), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.stop()
        thread.join(60)
