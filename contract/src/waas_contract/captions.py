"""Cuts a transcript into captions that fit a screen. Pure.

A caption never spans two segments. A segment gets as few captions as its limits allow, of about
the same length, and a caption as few lines as fit, again of about the same length. Where words
have times, captions keep them; elsewhere the segment's time is shared out by characters.
"""

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from waas_contract.line_breaking import Piece, join_pieces, split_text
from waas_contract.transcript import Segment, Word
from waas_contract.transcription_options import SubtitleOptions

# Sums of seconds are a little off in binary; captions are shown by the millisecond.
_TOLERATED_SECONDS = 1e-6


@dataclass(frozen=True)
class Caption:
    """What is shown at once; times in seconds from the start of the audio."""

    start: float
    end: float
    text: str
    """Its lines, with line ends between them."""

    speaker: str | None = None


@dataclass(frozen=True)
class _TimedPiece:
    piece: Piece
    start: float
    end: float


@dataclass(frozen=True)
class _Limits:
    line_width: float
    line_count: float
    seconds: float

    @classmethod
    def of(cls, options: SubtitleOptions) -> "_Limits":
        return cls(
            line_width=options.max_line_width or float("inf"),
            line_count=options.max_line_count or float("inf"),
            seconds=options.max_cue_seconds or float("inf"),
        )


def cut_captions(
    segments: Iterable[Segment], options: SubtitleOptions | None = None
) -> Iterator[Caption]:
    """Yield a transcript's captions; one a segment, as it is, where nothing is limited."""
    for segment in segments:
        if options is None or not options.limits_anything:
            yield Caption(segment.start, segment.end, segment.text, segment.speaker)
        else:
            for caption in _shape(segment, _Limits.of(options)):
                yield replace(caption, speaker=segment.speaker)


def introduce(segment: Segment) -> Segment:
    """Return a segment whose text begins with the name of who speaks, where that is known."""
    name = name_on_one_line(segment.speaker)
    if not name or not segment.text.strip():
        return segment
    words = segment.words
    if words:
        words = (
            Word(word=f"{name}:", start=words[0].start, end=words[0].start, probability=1),
            *words,
        )
    text = f"{name}: {segment.text.lstrip()}"
    return segment.model_copy(update={"text": text, "words": words})


def name_on_one_line(name: str | None) -> str:
    """Return a speaker's name as it can stand before a text; nothing where nobody knows it."""
    return " ".join((name or "").replace("-->", "->").split())


def _shape(segment: Segment, limits: _Limits) -> list[Caption]:
    pieces = split_text(segment.text)
    if segment.words and _spell_the_same(segment.words, pieces):
        captions = _cut(_with_times_of_words(pieces, segment, segment.words), limits)
        if all(each.start < each.end for each in captions):
            return captions
    return _cut(_with_shared_time(pieces, segment), limits)


def _cut(timed: Sequence[_TimedPiece], limits: _Limits) -> list[Caption]:
    return [
        Caption(
            start=group[0].start,
            # A word by itself can take longer than a caption may stay.
            end=min(group[-1].end, group[0].start + limits.seconds),
            text="\n".join(_balanced_lines([each.piece for each in group], limits.line_width)),
        )
        for group in _balanced_groups(timed, limits)
    ]


def _balanced_groups(timed: Sequence[_TimedPiece], limits: _Limits) -> list[Sequence[_TimedPiece]]:
    """Return the pieces of each caption."""
    widest = sum(_advance(each.piece) for each in timed)
    groups = _fill_captions(timed, limits, widest)
    if len(groups) < 2:
        return groups
    narrowest = _smallest(widest, lambda width: _count(timed, limits, width) <= len(groups))
    return _fill_captions(timed, limits, narrowest)


def _count(timed: Sequence[_TimedPiece], limits: _Limits, width: int) -> int:
    return len(_fill_captions(timed, limits, width))


def _fill_captions(
    timed: Sequence[_TimedPiece], limits: _Limits, widest: int
) -> list[Sequence[_TimedPiece]]:
    """Return captions filled one after the other, each with so many characters at most."""
    groups: list[Sequence[_TimedPiece]] = []
    first, lines, line_width, width = 0, 1, 0, 0
    for index, each in enumerate(timed):
        if index > first:
            added = _advance(each.piece)
            begins_line = line_width + added > limits.line_width
            if (
                lines + begins_line <= limits.line_count
                and width + added <= widest
                and each.end - timed[first].start <= limits.seconds + _TOLERATED_SECONDS
            ):
                lines += begins_line
                line_width = len(each.piece.text) if begins_line else line_width + added
                width += added
                continue
            groups.append(timed[first:index])
        first, lines, line_width, width = index, 1, len(each.piece.text), len(each.piece.text)
    return [*groups, timed[first:]] if timed else []


def _balanced_lines(pieces: list[Piece], widest: float) -> list[str]:
    """Return as few lines as fit, none of them longer than it has to be."""
    lines = _fill_lines(pieces, widest)
    if len(lines) > 1:
        fewest = len(lines)
        narrowest = _smallest(int(widest), lambda width: len(_fill_lines(pieces, width)) <= fewest)
        lines = _fill_lines(pieces, narrowest)
    return [join_pieces(line) for line in lines]


def _fill_lines(pieces: Iterable[Piece], widest: float) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    line_width = 0
    for piece in pieces:
        added = _advance(piece)
        if lines and line_width + added <= widest:
            lines[-1].append(piece)
            line_width += added
        else:
            lines.append([piece])
            line_width = len(piece.text)
    return lines


def _smallest(largest: int, is_enough: Callable[[int], bool]) -> int:
    """Return a number that is enough and about the smallest; the largest has to be."""
    numbers = range(1, largest + 1)
    return numbers[bisect.bisect_left(numbers, True, hi=largest - 1, key=is_enough)]


def _advance(piece: Piece) -> int:
    """Return how much wider a line gets by it."""
    return len(piece.text) + piece.follows_space


def _spell_the_same(words: Iterable[Word], pieces: Iterable[Piece]) -> bool:
    """Tell whether the words are still those of the text, which a person may have edited."""
    return "".join("".join(word.word.split()) for word in words) == "".join(
        piece.text for piece in pieces
    )


def _with_times_of_words(
    pieces: Iterable[Piece], segment: Segment, words: Iterable[Word]
) -> list[_TimedPiece]:
    """Give each piece the times of its letters, within the segment and never back."""
    spans: list[tuple[int, float, float]] = []
    latest = segment.start
    for word in words:
        start = min(max(word.start, latest), segment.end)
        latest = min(max(word.end, start), segment.end)
        spans.append((len("".join(word.word.split())), start, latest))
    return _timed(pieces, spans)


def _with_shared_time(pieces: list[Piece], segment: Segment) -> list[_TimedPiece]:
    letters = sum(len(piece.text) for piece in pieces)
    return _timed(pieces, [(letters, segment.start, max(segment.start, segment.end))])


def _timed(pieces: Iterable[Piece], spans: Iterable[tuple[int, float, float]]) -> list[_TimedPiece]:
    """Return pieces with their times, given spans of so many letters from one time to another."""
    starts: list[float] = []
    ends: list[float] = []
    for letters, start, end in spans:
        step = (end - start) / letters if letters else 0
        starts += (start + step * number for number in range(letters))
        ends += (start + step * number for number in range(1, letters))
        ends += [end] * bool(letters)
    timed: list[_TimedPiece] = []
    letter = 0
    for piece in pieces:
        last = letter + len(piece.text) - 1
        timed.append(_TimedPiece(piece, starts[letter], ends[last]))
        letter = last + 1
    return timed
