import pytest

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_standalone.endings import Disruption, PodEnding, ProgramEnd, ending_of, ending_of_current

BAD = ItemOutcome(name="a", reason=FailureReason.BAD_AUDIO, message="There is no sound.")
TOLD_TO_END = ItemOutcome(name="a", reason=FailureReason.INTERRUPTED)


def test_an_item_without_a_reason_succeeded() -> None:
    ending = ending_of(ItemOutcome(name="a"))
    assert (ending.exit_code, ending.reason) == (0, "Completed")


def test_an_item_ends_with_its_own_code_and_words() -> None:
    ending = ending_of(BAD)
    assert ending.exit_code == 65
    assert TerminationMessage.model_validate_json(ending.message).outcomes == (BAD,)


STOPPED, KILLED = Disruption.SERVER_STOPPED, Disruption.PROGRAM_KILLED
ENDS: list[tuple[str, ProgramEnd, dict[str, ItemOutcome], tuple[int, str, Disruption | None]]] = [
    ("the server stops", ProgramEnd(143, was_stopped=True), {}, (143, "Error", STOPPED)),
    ("the server had to kill it", ProgramEnd(-9, was_stopped=True), {}, (143, "Error", STOPPED)),
    ("somebody kills it", ProgramEnd(-9), {}, (137, "Error", KILLED)),
    ("memory", ProgramEnd(-9, is_out_of_memory=True), {}, (137, "OOMKilled", None)),
    ("somebody ends it", ProgramEnd(143), {"a": TOLD_TO_END}, (143, "Error", KILLED)),
    ("somebody ends it before it listens", ProgramEnd(-15), {}, (143, "Error", KILLED)),
    ("not a word in the end", ProgramEnd(0), {}, (70, "Error", None)),
    ("it crashes", ProgramEnd(-11), {}, (139, "Error", None)),
    ("it gives up", ProgramEnd(-6), {}, (134, "Error", None)),
    ("its memory is broken", ProgramEnd(-7), {}, (135, "Error", None)),
]


@pytest.mark.parametrize(
    ("end", "outcomes", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ENDS]
)
def test_the_item_at_hand(
    end: ProgramEnd,
    outcomes: dict[str, ItemOutcome],
    expected: tuple[int, str, Disruption | None],
) -> None:
    ending: PodEnding = ending_of_current(end, outcomes, "a")
    assert (ending.exit_code, ending.reason, ending.disruption) == expected


def test_a_kill_is_told_by_its_signal() -> None:
    ending = ending_of_current(ProgramEnd(-9), {}, "a")
    (outcome,) = TerminationMessage.model_validate_json(ending.message).outcomes
    assert outcome.message == "Something outside ended the job program by SIGKILL."
