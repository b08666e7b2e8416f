"""How a loop of Whisper's is told from what was said more than once. Pure."""

import re
import unicodedata
import zlib

# After the Latin ones those of Chinese and Japanese, of Hindi and its neighbours, Arabic, Urdu,
# Armenian, Amharic, Burmese, Khmer and Tibetan.
SENTENCE_ENDS = tuple(
    ".!?…。\uff01\uff1f\uff0e\uff61\u0964\u0965\u061f\u06d4\u0589\u1362\u1367\u104b\u17d4\u17d5\u0f0d"
)
"""What a sentence ends with, in whatever script."""

_BEYOND_ASCII = [bytes([code]) for code in range(0x80, 0x100)]

_RUN_OF_THREE = re.compile(r"(.{4,}?)\1\1")
_RUN_OF_MARKS = re.compile(r"([^\w\s])(?:\s*\1){9}")
_SENTENCE = re.compile(f"[^{re.escape(''.join(SENTENCE_ENDS))}]+")


def compression_ratio(text: str) -> float:
    """Return how many bytes of the text a compressed one stands for: many, if it repeats itself.

    It is what openai-whisper reports. Two of the three bytes of a letter in Hindi or Georgian are
    the same in all letters, so that the ratio says little there.
    """
    return _ratio(text.encode())


def goes_in_circles(text: str, threshold: float) -> bool:
    """Tell whether a text compresses too well, and not because of sentences that come again.

    People say a sentence twice, and songs and prayers have refrains, each between others. Whisper's
    loops say the same over and over without a break, or nearly the same.
    """
    if _ratio(_spell(text)) <= threshold:
        return False
    sentences = {letters_of(each): each for each in _SENTENCE.findall(text)}
    return (
        _RUN_OF_MARKS.search(text) is not None
        or _RUN_OF_THREE.search(letters_of(text)) is not None
        or _ratio(_spell(".".join(sentences.values()))) > threshold
    )


def letters_of(text: str) -> str:
    """Return its letters and digits, small: of texts of the same words they are the same."""
    return "".join(each for each in text.casefold() if each.isalnum() or _is_mark(each))


def _ratio(content: bytes) -> float:
    return len(content) / len(zlib.compress(content))


def _spell(text: str) -> bytes:
    """Return a text in which each letter of an alphabet is a byte, as it is in English.

    Chinese, Japanese and Korean stay as UTF-8 has them: a character says as much as some letters.
    """
    letters = dict.fromkeys(each for each in text if not each.isascii() and not _is_wide(each))
    # No window's text has so many that they would not do; the last ones would stay as they are.
    codes = dict(zip(letters, _BEYOND_ASCII, strict=False))
    return b"".join(codes.get(each) or each.encode() for each in text)


def _is_mark(character: str) -> bool:
    """Tell whether it is written with a letter and makes another of it, as Hindi's vowels are."""
    return unicodedata.category(character).startswith("M")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")
