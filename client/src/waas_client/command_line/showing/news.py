"""What there is to be shown, and who shows it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self

from waas_client.answers import Job
from waas_client.command_line.inputs import Input

_USUAL_MESSAGE = "Waiting for its turn."
"""What one machine's own server says of a job that waits for nothing else."""


class Stage(StrEnum):
    """Where one recording stands."""

    FETCHING = "fetching"
    UPLOADING = "uploading"
    WAITING = "waiting"
    TRANSCRIBING = "transcribing"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def is_last(self) -> bool:
        """Tell whether nothing more comes."""
        return self in (Stage.DONE, Stage.SKIPPED, Stage.FAILED)


@dataclass(frozen=True)
class News:
    """What happened to one recording."""

    input: Input
    stage: Stage
    fraction: float | None = None
    """How much of the stage is done, from 0 to 1; None where nobody knows."""

    job: Job | None = None
    outputs: tuple[Path, ...] = ()
    message: str = ""
    exit_code: int = 0


class Display(Protocol):
    """Shows what happens to a batch, within `with`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, news: News) -> None:
        """Show what happened to one recording."""
        ...

    def say(self, text: str) -> None:
        """Tell the person something."""
        ...

    def conclude(self, *, done: int, skipped: int, failed: int) -> None:
        """Tell how it all went."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Leave the terminal to somebody else for a while."""
        ...


def describe_wait(job: Job) -> str:
    """Return what a waiting job waits for."""
    if job.position_in_queue:
        return f"waiting, {job.position_in_queue} before it"
    if not job.message or job.message == _USUAL_MESSAGE:
        return "waiting for its turn"
    return f"waiting: {job.message}"


def describe_end(*, done: int, skipped: int, failed: int) -> str:
    """Return how it all went, in a line."""
    parts = [f"{done} transcribed"]
    parts += [f"{skipped} already there"] if skipped else []
    parts += [f"{failed} failed"] if failed else []
    return ", ".join(parts)
