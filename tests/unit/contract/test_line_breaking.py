import pytest

from waas_contract.line_breaking import join_pieces, may_break, split_text

CASES = [
    ("words are whole", "An ill-disposed man.", ["An", "ill-disposed", "man."]),
    ("Korean has spaces", "안녕하세요 여러분", ["안녕하세요", "여러분"]),
    ("Chinese ends a line anywhere", "你好世界", ["你", "好", "世", "界"]),
    ("but not before a full stop", "你好。再见", ["你", "好。", "再", "见"]),
    ("nor behind an opening quotation mark", "说「好」吧", ["说", "「好」", "吧"]),
    ("a full stop ends a line before a quotation", "好。「你", ["好。", "「你"]),
    ("and before a Latin word", "好。Whisper", ["好。", "Whisper"]),
    ("Latin words inside Chinese are whole", "用OpenAI的", ["用", "OpenAI", "的"]),
    ("small kana and marks of length stay", "チャット", ["チャッ", "ト"]),
    ("Thai vowels stay with their consonants", "ที่นี่เมือง", ["ที่", "นี่", "เมื", "อ", "ง"]),
    ("nothing has no pieces", " \n ", []),
]


@pytest.mark.parametrize(
    ("text", "pieces"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert [piece.text for piece in split_text(text)] == pieces


def test_joined_pieces_are_the_text_with_single_spaces() -> None:
    assert join_pieces(split_text("  我  用 Whisper\n吗？ ")) == "我 用 Whisper 吗？"  # noqa: RUF001


PLACES = [
    ("no word is broken in Cyrillic", "государ", "ственном", False),
    ("nor in Arabic", "\u062c", "\u062f", False),
    ("nor in Tamil", "\u0b95", "\u0ba4", False),
    ("nor in Korean", "안", "녕", False),
    ("nor at a letter beyond ASCII", "caf", "\u00e9s", False),
    ("Chinese breaks between characters", "你", "好", True),
    ("but not before a comma", "好", "\uff0c", False),
]


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [pytest.param(*case[1:], id=case[0]) for case in PLACES],
)
def test_where_a_line_may_end_without_a_space(before: str, after: str, may: bool) -> None:
    assert may_break(before[-1], after[0]) is may
