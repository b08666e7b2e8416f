"""How a loop of Whisper's is told from what was said more than once. Pure."""

import re
import zlib

_RUN_OF_THREE = re.compile(r"(.{4,}?)\1\1")
_SENTENCE = re.compile(r"[^.!?…。\uff01\uff1f]+")


def compression_ratio(text: str) -> float:
    """Return how many bytes of the text a compressed one stands for: many, if it repeats itself."""
    content = text.encode()
    return len(content) / len(zlib.compress(content))


def goes_in_circles(text: str, threshold: float) -> bool:
    """Tell whether a text compresses too well, and not because of sentences that come again.

    People say a sentence twice, and songs and prayers have refrains, each between others. Whisper's
    loops say the same over and over without a break, or nearly the same.
    """
    if compression_ratio(text) <= threshold:
        return False
    sentences = {letters_of(each): each for each in _SENTENCE.findall(text)}
    return (
        _RUN_OF_THREE.search(letters_of(text)) is not None
        or compression_ratio(".".join(sentences.values())) > threshold
    )


def letters_of(text: str) -> str:
    """Return its letters and digits, small: of texts of the same words they are the same."""
    return "".join(each for each in text.casefold() if each.isalnum())
