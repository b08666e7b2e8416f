"""How many programs this machine runs at once, and on which of its cores and GPUs. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

GIBIBYTE = 1 << 30

CORES_EACH = 4
"""Whisper gains little from more threads than these; several programs gain more."""

MEMORY_OF_PROGRAM = GIBIBYTE
"""Python, torch and the samples of an hour of audio."""

MEMORY_PER_CHECKPOINT_BYTE = 3
"""A checkpoint holds half floats; the model holds whole ones, and both are there while it loads."""


@dataclass(frozen=True)
class Machine:
    """What there is to share."""

    cores: tuple[int, ...]
    """Numbers of the cores that this process may use."""

    memory_bytes: int
    """What is available."""

    gpus: tuple[str, ...] = ()
    """As CUDA_VISIBLE_DEVICES names them."""


@dataclass(frozen=True)
class Slot:
    """Room for one program."""

    number: int
    cores: tuple[int, ...]
    gpu: str | None = None


def count_slots(machine: Machine, model_bytes: int) -> int:
    """Return how many programs with that model the machine has room for, at least one."""
    if machine.gpus:
        return len(machine.gpus)
    by_cores = len(machine.cores) // CORES_EACH
    by_memory = machine.memory_bytes // need_of(model_bytes)
    return max(1, min(by_cores, by_memory))


def need_of(model_bytes: int) -> int:
    """Return the bytes of memory that a program with a model needs."""
    return MEMORY_OF_PROGRAM + MEMORY_PER_CHECKPOINT_BYTE * model_bytes


def bound_memory(machine: Machine, slots: int, model_bytes: int) -> int | None:
    """Return what all programs together may need; None where they work in the GPUs' memory.

    As many as somebody asked for fit with the model that is used by default, whatever we reckon.
    """
    if machine.gpus:
        return None
    return max(machine.memory_bytes, slots * need_of(model_bytes))


def has_room(memory_bytes: int | None, needs: Collection[int], need: int) -> bool:
    """Tell whether a program fits beside those that run, by what each needs; one always does."""
    return not needs or memory_bytes is None or sum(needs) + need <= memory_bytes


def share_out(machine: Machine, count: int) -> tuple[Slot, ...]:
    """Return slots with a fair share of the cores each, and a GPU each where there are GPUs."""
    return tuple(
        Slot(
            number=number,
            cores=_share(machine.cores, number, count),
            gpu=machine.gpus[number % len(machine.gpus)] if machine.gpus else None,
        )
        for number in range(count)
    )


def _share(cores: Sequence[int], number: int, count: int) -> tuple[int, ...]:
    if len(cores) < count:
        return (cores[number % len(cores)],)
    return tuple(cores[len(cores) * number // count : len(cores) * (number + 1) // count])
