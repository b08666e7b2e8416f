"""Which of the waiting recordings the next program gets. Pure.

Several small ones that need the same model go to one program, so that it imports and loads once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from waas_contract.job_environment import JobEnvironment
from waas_contract.transcription_job import Priority

RANKS: Mapping[Priority, int] = {Priority.HIGH: 1, Priority.NORMAL: 0, Priority.LOW: -1}
"""Higher goes first."""


@dataclass(frozen=True)
class WaitingPod:
    """A pod that nobody runs yet."""

    name: str
    environment: JobEnvironment
    place: int
    """Its TranscriptionJob's place in the line; lower came first."""

    audio_bytes: int
    has_failed_before: bool = False
    rank: int = RANKS[Priority.NORMAL]
    """The one of its priority, at this moment."""


@dataclass(frozen=True)
class BatchLimits:
    """How much one program gets, so that the others' wait has an end."""

    most_items: int = 50
    """So many that the termination message has room for a word about each."""

    most_audio_bytes: int = 64 * 1024 * 1024


def choose_batch(
    waiting: Sequence[WaitingPod], limits: BatchLimits, *, free_slots: int = 1
) -> tuple[WaitingPod, ...]:
    """Return what the next program gets: the first in line, and what fits beside it.

    One that has failed before runs alone, so that it cannot take others down with it. What waits is
    shared among the slots that are free. Nobody goes with those of a higher priority past others.
    """
    line = sorted(waiting, key=lambda pod: (-pod.rank, pod.place))
    if not line:
        return ()
    first = line[0]
    if first.has_failed_before:
        return (first,)
    kin = [pod for pod in line if _are_kin(first, pod) and not pod.has_failed_before]
    share = -(-len(kin) // max(1, free_slots))
    batch: list[WaitingPod] = []
    room = limits.most_audio_bytes
    for pod in kin[: min(share, limits.most_items)]:
        room -= pod.audio_bytes
        if batch and room < 0:
            break
        batch.append(pod)
    return tuple(batch)


def _are_kin(one: WaitingPod, other: WaitingPod) -> bool:
    """Tell whether one program can take both: all but the items is the same."""
    if one.rank != other.rank:
        return False
    return one.environment.model_copy(update={"items": ()}) == other.environment.model_copy(
        update={"items": ()}
    )
