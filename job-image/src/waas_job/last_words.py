"""The termination message: what the kubelet hands to the operator when the container has ended."""

import logging
from collections.abc import Iterable
from pathlib import Path

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_contract.log_lines import log_fields
from waas_job.log_lines import without_urls

logger = logging.getLogger(__name__)


class LastWords:
    """Gathers how each item ended, to be written whenever the end comes."""

    def __init__(self, path: Path, names: Iterable[str]) -> None:
        self._path = path
        # No name at all where the environment is too broken to tell one.
        self._names = tuple(names) or ("",)
        self._outcomes: dict[str, ItemOutcome] = {}

    @property
    def outcomes(self) -> tuple[ItemOutcome, ...]:
        """Return what was recorded, in the items' order."""
        return tuple(self._outcomes[name] for name in self._names if name in self._outcomes)

    def record(self, outcome: ItemOutcome) -> None:
        """Keep how an item ended, and say so at once: what kills the program later leaves it."""
        self._outcomes[outcome.name] = outcome
        self.write()

    def record_rest(self, reason: FailureReason, message: str) -> None:
        """Give every item that has not ended yet the same end."""
        for name in self._names:
            if name not in self._outcomes:
                self.record(ItemOutcome(name=name, reason=reason, message=message))

    def write(self) -> None:
        """Write the message if that is possible; the exit code has to do otherwise."""
        outcomes = tuple(
            each.model_copy(update={"message": without_urls(each.message)})
            for each in self.outcomes
        )
        try:
            # Not replaced but written into: the kubelet mounts this very file.
            self._path.write_text(TerminationMessage(outcomes=outcomes).to_text(), encoding="utf-8")
        except OSError as error:
            logger.warning(
                "the termination message could not be written",
                extra=log_fields(path=str(self._path), error=error.strerror),
            )
