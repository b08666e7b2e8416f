"""Who runs, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from performance.engine.case import Mode

GREEDY, BEAMS = 1, 5

OURS = "waas"
"""The names of its ways begin so."""

FLOAT32, BFLOAT16 = "float32", "bfloat16"


@dataclass(frozen=True)
class Contender:
    """One way to transcribe."""

    name: str
    adapter: str
    """A module of performance.engine.adapters."""

    foundation: str = "torch"
    """The library that it is built on."""

    precision: str | None = None
    """That of its products, for which the machine's limit is derived; None for no such limit."""

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
        "ctranslate2",
        _precision_of(compute_type),
        {"compute_type": compute_type},
        beam_sizes=(BEAMS,),
        modes=_WITH_TIMES,
        is_slow=True,
    )


def _batched(compute_type: str, batch_size: int) -> Contender:
    return Contender(
        f"faster-whisper batched {batch_size} {compute_type}",
        "faster_whisper",
        "ctranslate2",
        _precision_of(compute_type),
        {"compute_type": compute_type, "batch_size": batch_size},
    )


def _precision_of(compute_type: str) -> str | None:
    return FLOAT32 if compute_type == FLOAT32 else None


def _ours(precision: str) -> Contender:
    return Contender(
        f"{OURS} {precision}",
        "waas",
        precision=precision,
        settings={"precision": precision},
        modes=_WITH_TIMES,
    )


CONTENDERS = (
    _ours(BFLOAT16),
    _ours(FLOAT32),
    Contender(
        "openai-whisper", "openai_whisper", precision=FLOAT32, modes=_WITH_TIMES, is_slow=True
    ),
    _one_by_one(FLOAT32),
    _one_by_one("int8"),
    _batched(FLOAT32, 8),
    _batched(FLOAT32, 16),
    _batched("int8", 8),
    _batched("int8", 16),
    Contender("whisper.cpp", "whisper_cpp", "_pywhispercpp", modes=_WITH_TIMES, is_slow=True),
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
