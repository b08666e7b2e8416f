"""Measures a transcript of a mix: its words against what was said, its times against the onsets."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from support.spoken_mix import Mix
from support.spoken_words import words_of
from waas_contract.transcript import Segment

_GRAM = 5
_RESAMPLES = 2_000
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds between which 95 % of the resamples lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class WordFigures:
    """What became of the words of one mix."""

    said: int
    exchanged: int
    dropped: int
    inserted: int
    inserted_without_speech: int
    """Of `inserted`, those between two sentences, before the first and after the last."""

    repeated_grams: int
    """Runs of five words that are heard more often than they are said."""

    error_rate: Interval | None
    """All errors over the words said, resampled by sentences; None where nothing is said."""

    insertions_per_minute: float
    """Words heard between sentences for each minute without speech."""


@dataclass(frozen=True)
class StartErrors:
    """How far starts lie from the onsets of the sentences that begin there, in seconds."""

    measured: int
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class _Step:
    """One edit; `at` is the place in the words said, `sentence` the one that it is charged to."""

    kind: str
    at: int
    sentence: int


def measure_words(mix: Mix, text: str) -> WordFigures:
    """Compare a whole transcript's text with what is said in the mix."""
    said, owners = _words_said(mix)
    heard = words_of(text)
    steps = _align(said, heard, owners)
    kinds = Counter(step.kind for step in steps)
    outside = sum(step.kind == "insert" and _is_between(step.at, owners) for step in steps)
    return WordFigures(
        said=len(said),
        exchanged=kinds["replace"],
        dropped=kinds["delete"],
        inserted=kinds["insert"],
        inserted_without_speech=outside,
        repeated_grams=_count_repeats(said, heard),
        error_rate=_error_rate(mix, owners, steps) if said else None,
        insertions_per_minute=60 * outside / mix.seconds_without_speech,
    )


def measure_cue_starts(mix: Mix, segments: Sequence[Segment]) -> StartErrors:
    """Compare the starts of cues with the onsets of the sentences whose first word they begin with.

    A sentence that goes on in another's cue is not counted: no start is claimed for it.
    """
    starts: list[float | None] = []
    words: list[str] = []
    for segment in segments:
        new = words_of(segment.text)
        words += new
        starts += [segment.start if place == 0 else None for place in range(len(new))]
    return _start_errors(mix, words, starts)


def measure_word_starts(mix: Mix, segments: Sequence[Segment]) -> StartErrors:
    """Compare the starts of words with the onsets of the sentences that they are the first of."""
    starts: list[float | None] = []
    words: list[str] = []
    for word in (word for segment in segments for word in segment.words or ()):
        new = words_of(word.word)
        words += new
        starts += [word.start if place == 0 else None for place in range(len(new))]
    return _start_errors(mix, words, starts)


def _words_said(mix: Mix) -> tuple[list[str], list[int]]:
    """Return the words, and for each the number of its sentence."""
    words: list[str] = []
    owners: list[int] = []
    for number, sentence in enumerate(mix.sentences):
        new = words_of(sentence.text)
        words += new
        owners += [number] * len(new)
    return words, owners


def _align(said: list[str], heard: list[str], owners: list[int]) -> list[_Step]:
    return [
        _Step(step.tag, step.src_pos, owners[min(step.src_pos, len(owners) - 1)] if owners else 0)
        for step in Levenshtein.editops(said, heard)
    ]


def _is_between(at: int, owners: list[int]) -> bool:
    """Return whether a place before the word `at` is one between sentences."""
    return not 0 < at < len(owners) or owners[at - 1] != owners[at]


def _count_repeats(said: list[str], heard: list[str]) -> int:
    times_said = _grams(said)
    return sum(max(0, count - max(1, times_said[gram])) for gram, count in _grams(heard).items())


def _grams(words: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + _GRAM]) for at in range(len(words) - _GRAM + 1))


def _error_rate(mix: Mix, owners: list[int], steps: list[_Step]) -> Interval:
    words = np.bincount(owners, minlength=len(mix.sentences))
    errors = np.bincount([step.sentence for step in steps], minlength=len(mix.sentences))
    lots = np.random.default_rng(0)
    drawn = lots.integers(len(words), size=(_RESAMPLES, len(words)))
    rates = errors[drawn].sum(axis=1) / words[drawn].sum(axis=1)
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    return Interval(float(errors.sum() / words.sum()), float(low), float(high))


def _start_errors(mix: Mix, heard: list[str], starts: list[float | None]) -> StartErrors:
    said, owners = _words_said(mix)
    errors = []
    for block in Levenshtein.opcodes(said, heard):
        if block.tag != "equal":
            continue
        for offset in range(block.src_end - block.src_start):
            at = block.src_start + offset
            start = starts[block.dest_start + offset]
            if start is not None and (at == 0 or owners[at - 1] != owners[at]):
                errors.append(abs(start - mix.sentences[owners[at]].onset))
    if not errors:
        return StartErrors(0, None, None)
    return StartErrors(len(errors), float(np.median(errors)), float(np.quantile(errors, 0.95)))
