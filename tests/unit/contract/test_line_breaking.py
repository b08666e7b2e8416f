import pytest

from waas_contract.line_breaking import join_pieces, split_text

CASES = [
    ("words are whole", "An ill-disposed man.", ["An", "ill-disposed", "man."]),
    ("Korean has spaces", "안녕하세요 여러분", ["안녕하세요", "여러분"]),
    ("Chinese ends a line anywhere", "你好世界", ["你", "好", "世", "界"]),
    ("but not before a full stop", "你好。再见", ["你", "好。", "再", "见"]),
    ("nor behind an opening quotation mark", "说「好」吧", ["说", "「好」", "吧"]),
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
