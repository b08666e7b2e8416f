"""Compares what the engine and its peers make of recordings good and bad: the words and the times.

    PYTHONPATH=tests uv run --frozen --group bench python -m performance.quality
    PYTHONPATH=tests uv run --frozen python -m performance.quality --contenders waas --seconds 60

Each contender takes every variant of the mix, with word timestamps, in one process. The table goes
to standard output, everything that was measured to the file of `--json`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from performance.engine.case import Case, Mode
from performance.engine.contenders import BEAMS, GREEDY, Contender, find_contenders
from performance.engine.running import Run, run
from support.heard_words import (
    StartErrors,
    WordFigures,
    measure_cue_starts,
    measure_word_starts,
    measure_words,
)
from support.mix_variants import VARIANTS, write_mix
from support.spoken_mix import REPORT_SEED, Mix
from waas_job.audio import decode_audio
from waas_job.cpu_quota import count_processors

_HEADINGS = (
    "sound",
    "contender",
    "beams",
    "WER % (95 %)",
    "dropped",
    "inserted",
    "inserted in a minute without speech",
    "5-gram repeats",
    "cue starts: median, p95 s (cues)",
    "word starts: median, p95 s (words)",
)


@dataclass(frozen=True)
class Recording:
    """One variant as it is transcribed: stored, and decoded again."""

    variant: str
    mix: Mix
    samples: Path


@dataclass(frozen=True)
class Row:
    """What one contender made of one variant."""

    variant: str
    contender: str
    version: str
    beam_size: int
    seconds: float
    words: WordFigures
    cue_starts: StartErrors
    word_starts: StartErrors


@dataclass(frozen=True)
class Plan:
    """Who takes the recordings, and how."""

    contenders: Sequence[Contender]
    beam_sizes: Sequence[int]
    model: str
    threads: int


def store_variants(
    folder: Path, names: Sequence[str], *, seed: int, seconds: float
) -> list[Recording]:
    """Make variants, store them as recordings are stored, and decode them as the job does."""
    recordings = []
    for number, name in enumerate(names):
        mix = VARIANTS[name](seed, seconds)
        stored = write_mix(mix, folder / f"{number}.wav")
        samples = folder / f"{number}.npy"
        np.save(samples, decode_audio(stored).samples)
        recordings.append(Recording(name, mix, samples))
    return recordings


def measure_quality(
    plan: Plan,
    recordings: Sequence[Recording],
    tell: Callable[[str], None],
    *,
    run_case: Callable[[Case], Run] = run,
) -> list[Row]:
    """Return a row for each recording, contender and way to decode, recording by recording."""
    rows = []
    for contender in plan.contenders:
        for beam_size in (each for each in plan.beam_sizes if each in contender.beam_sizes):
            done = run_case(_build_case(plan, contender, beam_size, recordings))
            tell(f"{contender.name}, beam {beam_size}: {done.answer.finished:.0f} s")
            for recording, transcribed in zip(recordings, done.answer.transcribed, strict=True):
                mix, segments = recording.mix, transcribed.segments
                rows.append(
                    Row(
                        variant=recording.variant,
                        contender=contender.name,
                        version=done.answer.version,
                        beam_size=beam_size,
                        seconds=transcribed.seconds,
                        words=measure_words(mix, transcribed.text),
                        cue_starts=measure_cue_starts(mix, segments),
                        word_starts=measure_word_starts(mix, segments),
                    )
                )
    order = [recording.variant for recording in recordings]
    return sorted(rows, key=lambda row: order.index(row.variant))


def _build_case(
    plan: Plan, contender: Contender, beam_size: int, recordings: Sequence[Recording]
) -> Case:
    return Case(
        adapter=contender.adapter,
        foundation=contender.foundation,
        settings=contender.settings,
        model=plan.model,
        mode=Mode.WORDS,
        beam_size=beam_size,
        threads=plan.threads,
        warm_up=None,
        sounds=tuple(recording.samples for recording in recordings),
    )


def render_table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [_HEADINGS, tuple("-" for _ in _HEADINGS), *(_render_row(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _render_row(row: Row) -> tuple[str, ...]:
    words = row.words
    rate = words.error_rate
    return (
        row.variant,
        row.contender,
        "greedy" if row.beam_size == GREEDY else str(row.beam_size),
        f"{100 * rate.value:.2f} ({100 * rate.low:.2f}-{100 * rate.high:.2f})" if rate else "",
        f"{words.dropped} of {words.said}" if words.said else "",
        str(words.inserted),
        f"{words.insertions_per_minute:.2f}",
        str(words.repeated_grams),
        _render_starts(row.cue_starts),
        _render_starts(row.word_starts),
    )


def _render_starts(errors: StartErrors) -> str:
    if errors.median is None or errors.p95 is None:
        return ""
    return f"{errors.median:.2f}, {errors.p95:.2f} ({errors.measured})"


def main() -> None:
    arguments = _parse_arguments()
    plan = Plan(
        contenders=find_contenders(arguments.contenders),
        beam_sizes=[int(each) for each in arguments.beams.split(",")],
        model=arguments.model,
        threads=arguments.threads,
    )
    with tempfile.TemporaryDirectory() as folder:
        recordings = store_variants(
            Path(folder),
            arguments.variants.split(","),
            seed=arguments.seed,
            seconds=arguments.seconds,
        )
        rows = measure_quality(
            plan, recordings, lambda line: print(line, file=sys.stderr, flush=True)
        )
    print(render_table(rows))
    if arguments.json:
        content = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": plan.model,
            "seed": arguments.seed,
            "rows": TypeAdapter(list[Row]).dump_python(rows, mode="json"),
        }
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--seconds", type=float, default=295)
    parser.add_argument("--seed", type=int, default=REPORT_SEED)
    parser.add_argument("--beams", default=f"{GREEDY},{BEAMS}")
    parser.add_argument("--contenders", help="beginnings of their names; all by default")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=count_processors())
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
