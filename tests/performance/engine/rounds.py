"""Runs the contenders in turns, so that whatever else the machine does falls on all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from performance.engine.case import Case, Mode
from performance.engine.contenders import Contender
from performance.engine.running import Run, run


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    contenders: Sequence[Contender]
    modes: Sequence[Mode]
    beam_sizes: Sequence[int]
    rounds: int
    model: str
    threads: int
    sound: Path
    """Samples of the recording, as numpy stores them."""

    warm_up: Path
    """Samples of a short one."""


@dataclass(frozen=True)
class Entry:
    """One contender in one mode, greedy or with beams."""

    contender: Contender
    mode: Mode
    beam_size: int


@dataclass
class Series:
    """The runs of one entry."""

    cold: Run | None = None
    """From the start of the process, with nothing transcribed before."""

    warm: list[Run] = field(default_factory=list)


def run_rounds(
    plan: Plan, tell: Callable[[str], None], *, run_case: Callable[[Case], Run] = run
) -> dict[Entry, Series]:
    """Run every entry cold once, then warm in each round; every other round goes backwards."""
    series = {entry: Series() for entry in list_entries(plan)}
    for number in range(plan.rounds + 1):
        entries = list(series)
        for entry in entries if number % 2 == 0 else reversed(entries):
            if number > 1 and entry.contender.is_slow:
                continue
            is_cold = number == 0
            done = run_case(_build_case(plan, entry, is_cold=is_cold))
            transcribed = done.answer.transcribed[0]
            tell(
                f"{'cold' if is_cold else f'round {number}'}: {entry.contender.name}, {entry.mode},"
                f" beam {entry.beam_size}: {transcribed.seconds:.2f} s"
            )
            if is_cold:
                series[entry].cold = done
            else:
                series[entry].warm.append(done)
    return series


def list_entries(plan: Plan) -> Iterator[Entry]:
    """Yield what the plan asks for; a mode that a contender does not have is not run again."""
    for mode in plan.modes:
        for beam_size in plan.beam_sizes:
            for contender in plan.contenders:
                is_repeated = contender.plays(mode) is not mode and Mode.SEGMENTS in plan.modes
                if beam_size in contender.beam_sizes and not is_repeated:
                    yield Entry(contender, contender.plays(mode), beam_size)


def _build_case(plan: Plan, entry: Entry, *, is_cold: bool) -> Case:
    return Case(
        adapter=entry.contender.adapter,
        settings=entry.contender.settings,
        model=plan.model,
        mode=entry.mode,
        beam_size=entry.beam_size,
        threads=plan.threads,
        warm_up=None if is_cold else plan.warm_up,
        sounds=(plan.sound,),
        started=0,
    )
