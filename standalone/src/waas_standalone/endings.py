"""How each pod ended whose recordings one program had, from that program's end. Pure.

The program takes its items in order and says after each how it ended. So whatever ended the
program itself is the affair of the first item that it had not spoken of; it never came to the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from waas_contract.exit_codes import ExitCode, FailureReason, exit_code_for
from waas_contract.job_environment import ItemOutcome, TerminationMessage

_KILLED = 128 + 9


@dataclass(frozen=True)
class PodEnding:
    """What a kubelet would report of a container that has ended."""

    exit_code: int
    reason: str = "Error"
    message: str = ""
    """The termination message, about this pod's item alone."""

    is_disruption: bool = False
    """Whether it is nobody's fault, and costs nothing."""


@dataclass(frozen=True)
class ProgramEnd:
    """How a program ended."""

    return_code: int
    """As subprocess tells it: negative for a signal."""

    was_stopped: bool = False
    """Whether we ended it."""

    is_out_of_memory: bool = False

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
        return PodEnding(ExitCode.INTERRUPTED, is_disruption=True)
    if end.is_out_of_memory:
        return PodEnding(_KILLED, reason="OOMKilled")
    if name in outcomes:
        return ending_of(outcomes[name])
    # One that ended well without a word about an item has a fault.
    return PodEnding(end.exit_code or ExitCode.INTERNAL_ERROR)
