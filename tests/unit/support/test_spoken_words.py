import pytest

from support.spoken_words import count_word_errors, words_of


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words_of(" Mr. Dashwood was ill-disposed!") == words_of(
        "mister dashwood was ill disposed"
    )


@pytest.mark.parametrize(
    ("heard", "said", "expected"),
    [
        ("he was ill", "he was ill", 0),
        ("he was old", "he was ill", 1),
        ("he ill", "he was ill", 1),
        ("he was very ill", "he was ill", 1),
        ("", "he was ill", 3),
    ],
)
def test_word_errors_are_counted(heard: str, said: str, expected: int) -> None:
    assert count_word_errors(heard, said) == expected
