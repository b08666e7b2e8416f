import pytest

from waas_standalone.capacity import (
    GIBIBYTE,
    Machine,
    Slot,
    bound_memory,
    count_slots,
    has_room,
    need_of,
    share_out,
)

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


ROOMS = [
    ("nothing runs", GIBIBYTE, [], LARGE, True),
    ("what fits", 8 * GIBIBYTE, [TINY, TINY], TINY, True),
    ("a large model beside small ones", 8 * GIBIBYTE, [TINY], LARGE, False),
    ("a small model beside a large one", 12 * GIBIBYTE, [LARGE], TINY, True),
    ("no bound", None, [LARGE, LARGE], LARGE, True),
]


@pytest.mark.parametrize(
    ("memory", "running", "model_bytes", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in ROOMS],
)
def test_room(memory: int | None, running: list[int], model_bytes: int, expected: bool) -> None:
    needs = [need_of(each) for each in running]
    assert has_room(memory, needs, need_of(model_bytes)) == expected


def test_as_many_as_somebody_asked_for_fit() -> None:
    machine = Machine((0,), GIBIBYTE)
    bound = bound_memory(machine, 2, TINY)
    assert has_room(bound, [need_of(TINY)], need_of(TINY))
    assert not has_room(bound, [need_of(TINY)], need_of(LARGE))
    assert bound_memory(Machine((0,), 64 * GIBIBYTE), 2, TINY) == 64 * GIBIBYTE
    assert bound_memory(Machine((0,), GIBIBYTE, ("0",)), 2, TINY) is None


def test_cores_are_shared_out_without_a_rest() -> None:
    slots = share_out(Machine((0, 1, 2, 3, 4), GIBIBYTE), 2)
    assert [slot.cores for slot in slots] == [(0, 1), (2, 3, 4)]


def test_more_programs_than_cores_take_turns() -> None:
    slots = share_out(Machine((4, 7), GIBIBYTE), 3)
    assert [slot.cores for slot in slots] == [(4,), (7,), (4,)]


def test_each_slot_has_a_gpu() -> None:
    slots = share_out(Machine((0, 1), GIBIBYTE, ("GPU-a", "GPU-b")), 2)
    assert slots == (Slot(0, (0,), "GPU-a"), Slot(1, (1,), "GPU-b"))
