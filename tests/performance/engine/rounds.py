"""Runs the contenders in turns, so that whatever else the machine does falls on all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from performance.engine.case import Case, Mode
from performance.engine.contenders import Contender
from performance.engine.running import ContenderFailed, Run, run


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


@dataclass(frozen=True)
class Series:
    """The runs of one entry."""

    cold: Run | None = None
    """From the start of the process, with nothing transcribed before."""

    warm: tuple[Run, ...] = ()

    @property
    def counted(self) -> Sequence[Run]:
        """Return the runs whose speed counts: as long as none is warm, the cold one."""
        return self.warm or ([self.cold] if self.cold else [])


def run_rounds(
    plan: Plan, tell: Callable[[str], None], *, run_case: Callable[[Case], Run] = run
) -> Iterator[dict[Entry, Series]]:
    """Run every entry cold once, then warm in each round; every other round goes backwards.

    Yields all that there is after each round. An entry that fails is told of and not run again.
    """
    series = {entry: Series() for entry in list_entries(plan)}
    for number in range(plan.rounds + 1):
        is_cold = number == 0
        entries = list(series)
        for entry in entries if number % 2 == 0 else reversed(entries):
            if number > 1 and entry.contender.is_slow:
                continue
            name = (
                f"{'cold' if is_cold else f'round {number}'}: {entry.contender.name}, {entry.mode},"
                f" beam {entry.beam_size}"
            )
            try:
                done = run_case(_build_case(plan, entry, is_cold=is_cold))
            except ContenderFailed as failure:
                tell(f"{name}: left out from here on: {failure}")
                del series[entry]
                continue
            tell(f"{name}: {done.answer.transcribed[0].seconds:.2f} s")
            so_far = series[entry]
            series[entry] = (
                replace(so_far, cold=done)
                if is_cold
                else replace(so_far, warm=(*so_far.warm, done))
            )
        yield dict(series)


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
        foundation=entry.contender.foundation,
        settings=entry.contender.settings,
        model=plan.model,
        mode=entry.mode,
        beam_size=entry.beam_size,
        threads=plan.threads,
        warm_up=None if is_cold else plan.warm_up,
        sounds=(plan.sound,),
    )
