import pytest

from waas_standalone.capacity import GIBIBYTE, Machine, Slot, count_slots, share_out

TINY, LARGE = 75 << 20, 3 * GIBIBYTE

MACHINES = [
    ("a laptop", Machine(tuple(range(2)), 4 * GIBIBYTE), TINY, 1),
    ("eight cores", Machine(tuple(range(8)), 16 * GIBIBYTE), TINY, 2),
    ("sixty-four cores", Machine(tuple(range(64)), 256 * GIBIBYTE), TINY, 16),
    ("a large model needs the memory", Machine(tuple(range(64)), 32 * GIBIBYTE), LARGE, 3),
    ("too little memory still runs one", Machine(tuple(range(8)), GIBIBYTE), LARGE, 1),
    ("one for each GPU", Machine(tuple(range(64)), 256 * GIBIBYTE, ("0", "1")), LARGE, 2),
]


@pytest.mark.parametrize(
    ("machine", "model_bytes", "count"), [pytest.param(*case[1:], id=case[0]) for case in MACHINES]
)
def test_count(machine: Machine, model_bytes: int, count: int) -> None:
    assert count_slots(machine, model_bytes) == count


def test_cores_are_shared_out_without_a_rest() -> None:
    slots = share_out(Machine((0, 1, 2, 3, 4), GIBIBYTE), 2)
    assert [slot.cores for slot in slots] == [(0, 1), (2, 3, 4)]


def test_more_programs_than_cores_take_turns() -> None:
    slots = share_out(Machine((4, 7), GIBIBYTE), 3)
    assert [slot.cores for slot in slots] == [(4,), (7,), (4,)]


def test_each_slot_has_a_gpu() -> None:
    slots = share_out(Machine((0, 1), GIBIBYTE, ("GPU-a", "GPU-b")), 2)
    assert slots == (Slot(0, (0,), "GPU-a"), Slot(1, (1,), "GPU-b"))
