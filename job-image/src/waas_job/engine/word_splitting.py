"""From tokens to words: tokens that are whole characters together, and characters up to a space.

A token is some bytes, and a letter of many scripts takes several. A model may leave a letter
unfinished, and a text may be cut off within one: it is a character nobody can read then, and no
token is lost for it. Pure.
"""

import string
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Those that write no spaces between words: each character, or what a token has of them, is one."""

TextWithTokens = tuple[str, tuple[int, ...]]


def split_to_words(
    pieces: Iterable[tuple[int, bytes]], *, has_spaces: bool
) -> list[TextWithTokens]:
    """Return each word of tokens and their bytes; together the words have all the tokens."""
    characters = _whole_characters(pieces)
    return list(_up_to_spaces(characters) if has_spaces else characters)


def _whole_characters(pieces: Iterable[tuple[int, bytes]]) -> Iterator[TextWithTokens]:
    decoder = getincrementaldecoder("utf-8")("replace")
    text, tokens = "", tuple[int, ...]()
    for token, content in pieces:
        if tokens and not _goes_on(content):
            yield text + decoder.decode(b"", final=True), tokens
            text, tokens = "", ()
        text += decoder.decode(content)
        tokens += (token,)
        begun, _ = decoder.getstate()
        if not begun:
            yield text, tokens
            text, tokens = "", ()
    if tokens:
        yield text + decoder.decode(b"", final=True), tokens


def _goes_on(content: bytes) -> bool:
    """Tell whether bytes begin within a character (RFC 3629)."""
    return any(each & 0b1100_0000 == 0b1000_0000 for each in content[:1])


def _up_to_spaces(characters: Iterable[TextWithTokens]) -> Iterator[TextWithTokens]:
    """Yield words, which a space or a mark begins, as in openai-whisper."""
    word: TextWithTokens | None = None
    for text, tokens in characters:
        if word is None or text.startswith(" ") or text.strip() in string.punctuation:
            if word:
                yield word
            word = text, tokens
        else:
            word = word[0] + text, word[1] + tokens
    if word:
        yield word
