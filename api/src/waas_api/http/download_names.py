"""The name under which a browser saves a download: the recording's, reduced to plain letters.

The old service's clients rely on these very names. It spelt out what Latin-1 has beyond ASCII by
the tables of Unidecode (whose licence does not go with ours); of what they say, only letters,
digits and "+" survive, so this short table is all that is left of them.
"""

import re
import unicodedata

DEFAULT_NAME = "untitled-transcription"

# Where it is not the letter without its accent. "_" stands for any sign that does not survive.
_SPELLINGS = {
    "Æ": "AE", "æ": "ae", "Ð": "D", "ð": "d", "Ø": "O", "ø": "o", "Þ": "Th", "þ": "th",
    "ß": "ss", "\xd7": "x", "ª": "a", "º": "o", "¹": "1", "²": "2", "³": "3", "µ": "u",
    "¼": "_1_4", "½": "_1_2", "¾": "_3_4", "°": "deg", "±": "+_", "¢": "C_", "£": "PS",
    "¤": "__", "¥": "Y_", "§": "SS", "¶": "P", "©": "_c_", "®": "_r_", "«": "__", "»": "__",
    "\xad": "",
}  # fmt: skip

_UNSAFE = re.compile(r"[^A-Za-z0-9+]")


def _spell(character: str) -> str:
    if "\x80" <= character <= "\x9f":  # control characters
        return ""
    return _SPELLINGS.get(character, unicodedata.normalize("NFD", character)[0])


def sanitize_name(name: str) -> str:
    """Return a name in ASCII letters, digits, "+" and "_"; empty if nothing of it is Latin-1."""
    latin = name.encode("latin-1", "ignore").decode("latin-1")
    return _UNSAFE.sub("_", "".join(map(_spell, latin)))
