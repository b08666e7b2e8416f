"""Who runs, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from performance.engine.case import Mode

GREEDY, BEAMS = 1, 5

OURS = "waas"
"""As it runs by default; the names of its other ways begin so."""


@dataclass(frozen=True)
class Contender:
    """One way to transcribe."""

    name: str
    adapter: str
    """A module of performance.engine.adapters."""

    settings: Mapping[str, str | int] = field(default_factory=dict, hash=False)
    beam_sizes: tuple[int, ...] = (GREEDY, BEAMS)
    modes: tuple[Mode, ...] = tuple(Mode)
    """Where it has none for text alone, its segments stand for it."""

    is_slow: bool = False
    """Whether it takes so much longer than the fastest that one round of it has to do."""

    def plays(self, mode: Mode) -> Mode:
        """Return the mode in which it answers to another."""
        return mode if mode in self.modes else Mode.SEGMENTS


_WITH_TIMES = (Mode.SEGMENTS, Mode.WORDS)


def _one_by_one(compute_type: str) -> Contender:
    return Contender(
        f"faster-whisper sequential {compute_type}",
        "faster_whisper",
        {"compute_type": compute_type},
        beam_sizes=(BEAMS,),
        modes=_WITH_TIMES,
        is_slow=True,
    )


def _batched(compute_type: str, batch_size: int) -> Contender:
    return Contender(
        f"faster-whisper batched {batch_size} {compute_type}",
        "faster_whisper",
        {"compute_type": compute_type, "batch_size": batch_size},
    )


CONTENDERS = (
    Contender(OURS, "waas", modes=_WITH_TIMES),
    Contender(f"{OURS} float32", "waas", {"precision": "float32"}, modes=_WITH_TIMES),
    Contender("openai-whisper", "openai_whisper", modes=_WITH_TIMES, is_slow=True),
    _one_by_one("float32"),
    _one_by_one("int8"),
    _batched("float32", 8),
    _batched("float32", 16),
    _batched("int8", 8),
    _batched("int8", 16),
    Contender("whisper.cpp", "whisper_cpp", modes=_WITH_TIMES, is_slow=True),
)


def find_contenders(names: str | None) -> tuple[Contender, ...]:
    """Return those whose names begin with one of some words, separated by commas; or all.

    Raises:
        LookupError: a word is the beginning of none.
    """
    if names is None:
        return CONTENDERS
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if not any(each.name.startswith(name) for each in CONTENDERS):
            known = ", ".join(each.name for each in CONTENDERS)
            raise LookupError(f"no contender is called '{name}'; there are {known}")
    return tuple(each for each in CONTENDERS if each.name.startswith(tuple(wanted)))
