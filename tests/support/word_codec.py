"""A codec whose tokens are words, for what is done with a model's tokens without a model."""

from collections.abc import Iterable

_END = 900
_TIME_0 = 1000


class Words:
    """A codec of which each token is a word: 107 ends a sentence, and 207 a clause."""

    eot = _END
    timestamp_begin = _TIME_0

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return [int(word.strip("w.,")) for word in text.split()]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, timestamps left out."""
        return "".join(f" w{each}{_mark(each)}" for each in tokens if each < _END)


def _mark(token: int) -> str:
    return "," if token > 200 else "." if token > 100 else ""


def at(seconds: float) -> int:
    """Return the token of a time in the window."""
    return _TIME_0 + round(seconds * 50)
