"""Punctuation clings to the words around it."""

import pytest

from waas_job.engine.windows import WindowWord
from waas_job.engine.word_punctuation import merge_punctuation


@pytest.mark.parametrize(
    ("words", "merged"),
    [
        ([" Yes", ","], [" Yes,"]),
        ([" Yes", ".", '"'], [' Yes."']),
        ([' "', "Yes"], [' "Yes']),
        ([" (", ' "', "Yes", "!", ")"], [' ( "Yes!)']),
        ([" a", " -", " b"], [" a", " - b"]),
        (["?", " Yes"], ["?", " Yes"]),
        ([" no", " one"], [" no", " one"]),
        ([], []),
    ],
    ids=[
        "a mark closes",
        "two marks close",
        "a mark opens",
        "marks open and close",
        "a dash opens",
        "a mark before any word",
        "no marks",
        "no words",
    ],
)
def test_marks_cling(words: list[str], merged: list[str]) -> None:
    result = merge_punctuation(
        [
            WindowWord(text, (number,), float(number), number + 0.5, 0.1 * number)
            for number, text in enumerate(words)
        ]
    )
    assert [word.text for word in result] == merged
    assert [token for word in result for token in word.tokens] == list(range(len(words)))


def test_times_are_those_of_the_word() -> None:
    words = [WindowWord(' "', (1,), 0, 1, 0.1), WindowWord("Yes", (2,), 2, 3, 0.2)]
    words.append(WindowWord(".", (3,), 4, 5, 0.3))
    (word,) = merge_punctuation(words)
    assert (word.start, word.end, word.probability) == (2, 3, 0.2)
