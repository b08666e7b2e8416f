"""Where a line of text may end, in scripts with and without spaces between words. Pure.

A small part of the Unicode line breaking algorithm (https://www.unicode.org/reports/tr14/):
lines end at spaces and, in scripts that have none, between characters; but never before what
belongs to the character in front of it, nor behind what belongs to the one that follows.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# Thai and Lao, Tibetan, Myanmar, Khmer, kana, Han, and the marks written between the last two.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3001-\u301f\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01\uff08\uff09\uff0c\uff0e\uff1a\uff1b\uff1f"
    "\uff61-\uff9f\U00020000-\U0003ffff]"
)

# Small kana, marks of length and of repetition, and vowels that are written behind a consonant.
_NEVER_FIRST = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶーｰ々〻ゝゞヽヾ〜～ะาำๅๆຯະາຳໆ"  # noqa: RUF001
)
_NEVER_FIRST_CATEGORIES = ("Mn", "Mc", "Me", "Cf", "Pe", "Pf", "Po")

# Vowels that are written in front of their consonant; Khmer's sign that joins two; a joiner.
_NEVER_LAST = frozenset("เแโใไເແໂໃໄ\u17d2\u200d")
_NEVER_LAST_CATEGORIES = ("Ps", "Pi")


@dataclass(frozen=True)
class Piece:
    """What has to stay on one line: a word, or in scripts without spaces a character."""

    text: str
    follows_space: bool


def split_text(text: str) -> list[Piece]:
    """Return the pieces of a text; joined again they are the text, its spaces made single ones."""
    return [
        Piece(piece, follows_space=is_first and number > 0)
        for number, word in enumerate(text.split())
        for is_first, piece in _split_word(word)
    ]


def join_pieces(pieces: Iterable[Piece]) -> str:
    """Return pieces as a line."""
    return "".join(f" {each.text}" if each.follows_space else each.text for each in pieces).lstrip()


def may_break(before: str, after: str) -> bool:
    """Tell whether a line may end between two characters that have no space between them."""
    if after in _NEVER_FIRST or unicodedata.category(after) in _NEVER_FIRST_CATEGORIES:
        return False
    if before in _NEVER_LAST or unicodedata.category(before) in _NEVER_LAST_CATEGORIES:
        return False
    return bool(_UNSPACED.match(before) or _UNSPACED.match(after))


def _split_word(word: str) -> list[tuple[bool, str]]:
    if not _UNSPACED.search(word):
        return [(True, word)]
    breaks = [at for at in range(1, len(word)) if may_break(word[at - 1], word[at])]
    return [
        (start == 0, word[start:end])
        for start, end in zip([0, *breaks], [*breaks, len(word)], strict=True)
    ]
