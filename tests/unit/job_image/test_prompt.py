import pytest

from waas_job.engine.prompt import CarriedPrompt, carry_prompt


def count_words(text: str) -> int:
    return len(text.split())


CASES = [
    ("nothing asked", None, None, CarriedPrompt(None)),
    ("a prompt", " Names: Åse. ", None, CarriedPrompt("Names: Åse.")),
    ("hotwords", None, "Aftenposten Schibsted", CarriedPrompt("Aftenposten Schibsted")),
    ("the prompt goes first", "Names.", "Schibsted", CarriedPrompt("Names. Schibsted")),
    (
        "of a long prompt the end is what counts, and hotwords get no room",
        "one two three four five six",
        "Schibsted",
        CarriedPrompt("three four five six", ("initialPrompt", "decoding.hotwords")),
    ),
    (
        "of many hotwords the first are taken",
        "one two",
        "three four five",
        CarriedPrompt("one two three four", ("decoding.hotwords",)),
    ),
]


@pytest.mark.parametrize(
    ("initial_prompt", "hotwords", "carried"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_prompt_of_four_words(
    initial_prompt: str | None, hotwords: str | None, carried: CarriedPrompt
) -> None:
    assert carry_prompt(initial_prompt, hotwords, count_tokens=count_words, budget=4) == carried


def test_words_are_not_cut_where_tokens_end_inside_them() -> None:
    carried = carry_prompt(
        "Mississippi Missouri", "Minnesota Michigan", count_tokens=len, budget=28
    )
    assert carried.text == "Mississippi Missouri"
    carried = carry_prompt("Mississippi Missouri", None, count_tokens=len, budget=12)
    assert carried.text == "Missouri"
    carried = carry_prompt(None, "Minnesota Michigan", count_tokens=len, budget=12)
    assert carried.text == "Minnesota"


def test_scripts_without_spaces_are_cut_between_characters() -> None:
    carried = carry_prompt("语音识别技术", None, count_tokens=len, budget=4)
    assert carried == CarriedPrompt("识别技术", ("initialPrompt",))
