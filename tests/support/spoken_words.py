"""Compares what was heard with what was said, word by word."""

import difflib
import functools
import warnings
from collections.abc import Callable

from whisper.normalizers import EnglishTextNormalizer


@functools.cache
def _normalizer() -> Callable[[str], str]:
    with warnings.catch_warnings():
        # openai-whisper 20250625 leaves closing its word list to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        normalizer: Callable[[str], str] = EnglishTextNormalizer()
    return normalizer


def words_of(text: str) -> list[str]:
    """Return the words of an English text as Whisper's own evaluation compares them."""
    return _normalizer()(text).split()


def words_of_captions(text: str) -> list[str]:
    """Return the words of plain text or of subtitles, without their numbers and times."""
    lines = (line for line in text.splitlines() if "-->" not in line and not line.isdigit())
    return words_of(" ".join(line for line in lines if line != "WEBVTT"))


def count_word_errors(heard: str, said: str) -> int:
    """Return how many words have to be put in, left out or exchanged to get what was said."""
    matcher = difflib.SequenceMatcher(a=words_of(said), b=words_of(heard), autojunk=False)
    return sum(
        max(said_end - said_start, heard_end - heard_start)
        for tag, said_start, said_end, heard_start, heard_end in matcher.get_opcodes()
        if tag != "equal"
    )
