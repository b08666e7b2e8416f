"""What the rounds come to: one row for each contender, mode and way to decode."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from performance.engine.case import Mode
from performance.engine.contenders import OURS
from performance.engine.limits import Limits
from performance.engine.rounds import Entry, Plan, Series
from support.heard_words import (
    StartErrors,
    WordFigures,
    measure_cue_starts,
    measure_word_starts,
    measure_words,
)
from support.spoken_mix import Mix

_HEADINGS = (
    "mode",
    "beams",
    "contender",
    "warm rounds",
    "x real time (min-max)",
    "of the fastest peer",
    "CPU s",
    "cold s: first text, all",
    "library + load s",
    "cgroup MB",
    "RSS MB",
    "WER %",
    "of the limit",
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    contender: str
    version: str
    mode: Mode
    beam_size: int
    rounds: int
    """Warm ones; as long as there is none the cold one stands for them."""

    seconds: float
    """Median of the warm rounds."""

    least_seconds: float
    most_seconds: float
    speed: float
    """Seconds of sound for each second, at the median."""

    ratio_to_fastest_peer: float | None
    """Its speed over that of the fastest other contender in this mode that decodes alike."""

    cpu_seconds: float
    cold_text_seconds: float
    """From the start of the process to the first text, with nothing warmed up."""

    cold_seconds: float
    """To the last word."""

    library_seconds: float
    """From the start of the process until the library is imported that it is built on."""

    load_seconds: float
    """From then on until it is ready."""

    resident_bytes: int
    cgroup_bytes: int | None
    words: WordFigures
    cue_starts: StartErrors
    word_starts: StartErrors
    share_of_limit: float | None = None
    """How near it comes to what the machine could do at best in its precision."""


def derive_rows(plan: Plan, mix: Mix, series: Mapping[Entry, Series], limits: Limits) -> list[Row]:
    """Return a row for each mode asked for, the fastest first."""
    rows = [
        _derive_row(mix, entry, runs, mode, limits)
        for entry, runs in series.items()
        for mode in plan.modes
        if entry.contender.plays(mode) is entry.mode
    ]
    with_ratios = [_with_ratio(row, rows) for row in rows]
    return sorted(
        with_ratios, key=lambda row: (list(Mode).index(row.mode), row.beam_size, row.seconds)
    )


def _derive_row(mix: Mix, entry: Entry, runs: Series, mode: Mode, limits: Limits) -> Row:
    warm = [run.answer.transcribed[0] for run in runs.counted]
    every = [*runs.warm, *([runs.cold] if runs.cold else [])]
    seconds = median(each.seconds for each in warm)
    segments = warm[0].segments
    cold = runs.cold.answer if runs.cold else None
    limit = limits.get((entry.contender.precision or "", entry.beam_size))
    cgroups = [run.cgroup_bytes for run in every if run.cgroup_bytes is not None]
    return Row(
        contender=entry.contender.name,
        version=every[0].answer.version,
        mode=mode,
        beam_size=entry.beam_size,
        rounds=len(runs.warm),
        seconds=seconds,
        least_seconds=min(each.seconds for each in warm),
        most_seconds=max(each.seconds for each in warm),
        speed=mix.seconds / seconds,
        ratio_to_fastest_peer=None,
        cpu_seconds=median(each.cpu_seconds for each in warm),
        cold_text_seconds=cold.loaded + cold.transcribed[0].seconds_to_text if cold else 0,
        cold_seconds=cold.finished if cold else 0,
        library_seconds=median(run.answer.founded for run in every),
        load_seconds=median(run.answer.loaded - run.answer.founded for run in every),
        resident_bytes=max(run.answer.resident_bytes for run in every),
        cgroup_bytes=max(cgroups, default=None),
        words=measure_words(mix, warm[0].text),
        cue_starts=measure_cue_starts(mix, segments),
        word_starts=measure_word_starts(mix, segments),
        share_of_limit=limit.seconds / seconds if limit else None,
    )


def _with_ratio(row: Row, rows: Iterable[Row]) -> Row:
    peers = [
        other.speed
        for other in rows
        if not other.contender.startswith(OURS)
        and other.contender != row.contender
        and (other.mode, other.beam_size) == (row.mode, row.beam_size)
    ]
    return replace(row, ratio_to_fastest_peer=row.speed / max(peers)) if peers else row


def render_table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [_HEADINGS, tuple("-" for _ in _HEADINGS), *(_render_row(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _render_row(row: Row) -> tuple[str, ...]:
    return (
        row.mode,
        "greedy" if row.beam_size == 1 else str(row.beam_size),
        row.contender,
        str(row.rounds),
        f"{row.speed:.1f} ({_speed(row, row.most_seconds)}-{_speed(row, row.least_seconds)})",
        _number(row.ratio_to_fastest_peer, 2),
        f"{row.cpu_seconds:.1f}",
        f"{row.cold_text_seconds:.1f}, {row.cold_seconds:.1f}",
        f"{row.library_seconds:.1f} + {row.load_seconds:.2f}",
        _megabytes(row.cgroup_bytes),
        _megabytes(row.resident_bytes),
        _error_rate(row.words),
        f"{100 * row.share_of_limit:.0f} %" if row.share_of_limit else "",
    )


def _speed(row: Row, seconds: float) -> str:
    return f"{row.speed * row.seconds / seconds:.1f}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:.0f}"


def _error_rate(words: WordFigures) -> str:
    rate = words.error_rate
    if rate is None:
        return ""
    return f"{100 * rate.value:.2f} ({100 * rate.low:.2f}-{100 * rate.high:.2f})"
