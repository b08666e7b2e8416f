"""Cuts cues where a silence was taken out of their window, so that none spans it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from waas_contract.line_breaking import may_break
from waas_job.engine.cues import Cue
from waas_job.engine.repetition import SENTENCE_ENDS
from waas_job.engine.windows import TextCodec, WindowWord
from waas_job.speech.timeline import SAMPLE_RATE, Timeline

# Whisper's timestamps are not so exact that less speech of a piece must belong to the cue.
_LEAST_SHARE_SECONDS = 0.3

# Semicolons and colons are as good: Chinese and Arabic ones are written otherwise.
_SENTENCE_ENDS = (*SENTENCE_ENDS, *";:\uff1b\uff1a\u061b")
_CLAUSE_ENDS = tuple(",\uff0c\u3001\u060c\u1363\u104a")
# A sentence that ends is a better place by so much of the cue's text, and so is a clause, for
# Whisper puts commas where it takes two sentences for one.
_WORTH_OF_SENTENCE_END = 0.15
_WORTH_OF_CLAUSE_END = 0.08


@dataclass(frozen=True)
class PlacedCue:
    """A cue that lies in one piece of its window."""

    cue: Cue
    piece: int


def place_cues(cues: Sequence[Cue], timeline: Timeline, codec: TextCodec) -> tuple[PlacedCue, ...]:
    """Return the cues with the piece of each, cut at splices."""
    placed: list[PlacedCue] = []
    for cue in cues:
        if cue.words is None:
            placed += _cut_text(cue, timeline, codec)
        else:
            placed += _cut_words(cue.words, timeline)
    return tuple(placed)


def _cut_words(words: Sequence[WindowWord], timeline: Timeline) -> Iterator[PlacedCue]:
    """Cut between the words; each is where most of it is."""
    groups: dict[int, list[WindowWord]] = {}
    latest = 0
    for word in words:
        middle = round((word.start + word.end) / 2 * SAMPLE_RATE)
        latest = max(latest, timeline.piece_at(middle))
        groups.setdefault(latest, []).append(word)
    for piece, own in groups.items():
        tokens = tuple(token for word in own for token in word.tokens)
        yield PlacedCue(Cue(own[0].start, own[-1].end, tokens, tuple(own)), piece)


def _cut_text(cue: Cue, timeline: Timeline, codec: TextCodec) -> Iterator[PlacedCue]:
    """Cut the text as its speech is shared out among the pieces, at ends of sentences if it can."""
    shares = _shares(cue, timeline)
    rest = cue.tokens
    for number, (piece, seconds) in enumerate(shares):
        others = sum(each for _, each in shares[number + 1 :])
        tokens = _first_part(rest, seconds / (seconds + others), codec) if others else rest
        rest = rest[len(tokens) :]
        if tokens:
            yield PlacedCue(replace(cue, tokens=tokens), piece)


def _shares(cue: Cue, timeline: Timeline) -> list[tuple[int, float]]:
    """Return the pieces in which a cue's speech is, with the seconds of it."""
    start, end = round(cue.start * SAMPLE_RATE), round(cue.end * SAMPLE_RATE)
    first, last = timeline.piece_at(start), timeline.piece_at(end, is_end=True)
    shares = [
        (number, _spoken(timeline, number, start, end) / SAMPLE_RATE)
        for number in range(first, last + 1)
    ]
    enough = [each for each in shares if each[1] >= _LEAST_SHARE_SECONDS]
    return enough or [max(shares, key=lambda each: each[1], default=(first, 1.0))]


def _spoken(timeline: Timeline, number: int, start: int, end: int) -> int:
    """Return how much is said in a piece between two places of the window."""
    began, ended = timeline.within(number, start), timeline.within(number, end)
    piece = timeline.pieces[number]
    return sum(
        max(0, min(ended, voice_end) - max(began, voice_start))
        for voice_start, voice_end in piece.voices or ((piece.start, piece.end),)
    )


def _first_part(tokens: tuple[int, ...], share: float, codec: TextCodec) -> tuple[int, ...]:
    """Return the tokens of whole words that make up about such a share of the text.

    In scripts without spaces between words, of what may stand alone at the end of a line.
    """
    whole = codec.decode(tokens)
    best, best_cost = len(tokens), 1.0 - share
    for count in range(len(tokens)):
        text, rest = codec.decode(tokens[:count]), codec.decode(tokens[count:])
        if not _is_between_words(text, rest, whole):
            continue
        cost = abs(len(text) / len(whole) - share)
        if text.rstrip().endswith(_SENTENCE_ENDS):
            cost -= _WORTH_OF_SENTENCE_END
        elif text.rstrip().endswith(_CLAUSE_ENDS):
            cost -= _WORTH_OF_CLAUSE_END
        if cost < best_cost:
            best, best_cost = count, cost
    return tokens[:best]


def _is_between_words(text: str, rest: str, whole: str) -> bool:
    if text + rest != whole:
        # A character lies across the tokens.
        return False
    return not text or rest.startswith(" ") or may_break(text[-1], rest[0])
