import pytest

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_standalone.endings import PodEnding, ProgramEnd, ending_of, ending_of_current

BAD = ItemOutcome(name="a", reason=FailureReason.BAD_AUDIO, message="There is no sound.")
TOLD_TO_END = ItemOutcome(name="a", reason=FailureReason.INTERRUPTED)


def test_an_item_without_a_reason_succeeded() -> None:
    ending = ending_of(ItemOutcome(name="a"))
    assert (ending.exit_code, ending.reason) == (0, "Completed")


def test_an_item_ends_with_its_own_code_and_words() -> None:
    ending = ending_of(BAD)
    assert ending.exit_code == 65
    assert TerminationMessage.model_validate_json(ending.message).outcomes == (BAD,)


ENDS = [
    ("the server stops", ProgramEnd(143, was_stopped=True), {}, (143, "Error", True)),
    ("it is killed", ProgramEnd(-9), {}, (137, "Error", False)),
    ("memory", ProgramEnd(-9, is_out_of_memory=True), {}, (137, "OOMKilled", False)),
    ("somebody ends it", ProgramEnd(143), {"a": TOLD_TO_END}, (143, "Error", False)),
    ("not a word in the end", ProgramEnd(0), {}, (70, "Error", False)),
    ("it crashes", ProgramEnd(-11), {}, (139, "Error", False)),
]


@pytest.mark.parametrize(
    ("end", "outcomes", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ENDS]
)
def test_the_item_at_hand(
    end: ProgramEnd, outcomes: dict[str, ItemOutcome], expected: tuple[int, str, bool]
) -> None:
    ending: PodEnding = ending_of_current(end, outcomes, "a")
    assert (ending.exit_code, ending.reason, ending.is_disruption) == expected
