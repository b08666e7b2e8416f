"""A codec whose tokens are words, for what is done with a model's tokens without a model."""

from collections.abc import Iterable

_END = 900
_TIME_0 = 1000


class Words:
    """A codec of which each token is a word; 7 is "w7", and 107 ends a sentence."""

    eot = _END
    timestamp_begin = _TIME_0

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return [int(word.strip("w.")) for word in text.split()]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, timestamps left out."""
        return "".join(f" w{each}{'.' if each > 100 else ''}" for each in tokens if each < _END)


def at(seconds: float) -> int:
    """Return the token of a time in the window."""
    return _TIME_0 + round(seconds * 50)
