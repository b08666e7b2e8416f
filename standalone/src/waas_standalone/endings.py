"""How each pod ended whose recordings one program had, from that program's end. Pure.

The program takes its items in order and says after each how it ended. So whatever ended the
program itself is the affair of the first item that it had not spoken of; it never came to the rest.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from waas_contract.exit_codes import ExitCode, FailureReason, exit_code_for
from waas_contract.job_environment import ItemOutcome, TerminationMessage

_KILLED = 128 + signal.SIGKILL

_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that no fault of the program or of its recording makes the kernel send, memory aside."""


class Disruption(StrEnum):
    """What ended a program that is nobody's fault, and costs nothing; the condition's reason."""

    SERVER_STOPPED = "ServerStopped"
    PROGRAM_KILLED = "ProgramKilled"
    """By somebody, as far as anybody can tell: it is free only so many times."""


@dataclass(frozen=True)
class PodEnding:
    """What a kubelet would report of a container that has ended."""

    exit_code: int
    reason: str = "Error"
    message: str = ""
    """The termination message, about this pod's item alone."""

    disruption: Disruption | None = None


@dataclass(frozen=True)
class ProgramEnd:
    """How a program ended."""

    return_code: int
    """As subprocess tells it: negative for a signal."""

    was_stopped: bool = False
    """Whether we ended it."""

    is_out_of_memory: bool = False
    """Whether the kernel killed for memory while it ran."""

    @property
    def killer(self) -> signal.Signals | None:
        """Return the signal by which somebody else ended it; it may have ended in its own way."""
        if self.was_stopped or self.is_out_of_memory:
            return None
        if self.return_code == ExitCode.INTERRUPTED:
            return signal.SIGTERM
        return next((each for each in _FROM_OUTSIDE if self.return_code == -each), None)

    @property
    def exit_code(self) -> int:
        """Return the code as a container runtime tells it."""
        return self.return_code if self.return_code >= 0 else 128 - self.return_code


def is_told(outcome: ItemOutcome) -> bool:
    """Tell whether an outcome is about the item, and not about the program being stopped."""
    return outcome.reason is not FailureReason.INTERRUPTED


def ending_of(outcome: ItemOutcome) -> PodEnding:
    """Return the end of a pod whose item ended as the program says."""
    message = TerminationMessage(outcomes=(outcome,)).to_text()
    if outcome.reason is None:
        return PodEnding(ExitCode.SUCCESS, reason="Completed", message=message)
    return PodEnding(exit_code_for(outcome.reason), message=message)


def ending_of_current(end: ProgramEnd, outcomes: Mapping[str, ItemOutcome], name: str) -> PodEnding:
    """Return the end of the pod whose item the program was at when it ended."""
    if end.was_stopped:
        return PodEnding(ExitCode.INTERRUPTED, disruption=Disruption.SERVER_STOPPED)
    if end.is_out_of_memory:
        return PodEnding(_KILLED, reason="OOMKilled")
    if killer := end.killer:
        words = f"Something outside ended the job program by {killer.name}."
        outcome = ItemOutcome(name=name, reason=FailureReason.INTERRUPTED, message=words)
        message = TerminationMessage(outcomes=(outcome,)).to_text()
        return PodEnding(end.exit_code, message=message, disruption=Disruption.PROGRAM_KILLED)
    if name in outcomes:
        return ending_of(outcomes[name])
    # One that ended well without a word about an item has a fault.
    return PodEnding(end.exit_code or ExitCode.INTERNAL_ERROR)
