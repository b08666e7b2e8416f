"""The names of downloads, which the old service's clients know."""

import pytest

from waas_api.http.download_names import sanitize_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Blåbær (1)", "Blabaer__1_"),
        ("talk", "talk"),
        ("talk.mp3", "talk_mp3"),
        ("a+b", "a+b"),
        ("", ""),
        ("тест", ""),
        ("日本 2", "_2"),
        ("ÆØÅ æøå", "AEOA_aeoa"),
        ("Straße, Þór, ÿ", "Strasse__Thor__y"),
        ("½ l = 5 dl ± 2°", "_1_2_l___5_dl_+__2deg"),
        ("a\u030abc", "abc"),
        ("£5 §3 ¹²³ ©", "PS5_SS3_123__c_"),
        ('"; rm -rf /\r\n', "___rm__rf____"),
        ("a\x80\xadb", "ab"),
    ],
)
def test_a_name_is_reduced_to_plain_letters(name: str, expected: str) -> None:
    assert sanitize_name(name) == expected


def test_every_character_gives_a_name_that_is_safe_in_a_header() -> None:
    name = sanitize_name("".join(map(chr, range(0x300))))

    assert name.isascii()
    assert all(character.isalnum() or character in "+_" for character in name)
