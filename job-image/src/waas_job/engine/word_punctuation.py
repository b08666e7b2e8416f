"""Punctuation clings to the word that it follows, or that it opens. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from waas_job.engine.windows import WindowWord

_OPENING = "\"'“¿([{-"
_CLOSING = "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001 # meant as they are


def merge_punctuation(words: Sequence[WindowWord]) -> tuple[WindowWord, ...]:
    """Return the words with the marks around them; a mark's own time and probability are lost."""
    return tuple(_merge_closing(_merge_opening(words)))


def _merge_opening(words: Sequence[WindowWord]) -> list[WindowWord]:
    merged: list[WindowWord] = []
    for word in reversed(words):
        if merged and word.text.startswith(" ") and word.text.strip() in _OPENING:
            following = merged[-1]
            merged[-1] = replace(
                following, text=word.text + following.text, tokens=word.tokens + following.tokens
            )
        else:
            merged.append(word)
    return merged[::-1]


def _merge_closing(words: Sequence[WindowWord]) -> list[WindowWord]:
    merged: list[WindowWord] = []
    for word in words:
        if merged and not merged[-1].text.endswith(" ") and word.text in _CLOSING:
            before = merged[-1]
            merged[-1] = replace(
                before, text=before.text + word.text, tokens=before.tokens + word.tokens
            )
        else:
            merged.append(word)
    return merged
