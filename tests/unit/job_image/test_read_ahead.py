import threading
from collections.abc import Iterator

import pytest

from support.waiting import wait_until
from waas_job.read_ahead import ReadAhead


def test_items_come_in_order() -> None:
    with ReadAhead(range(100), most=3) as ahead:
        assert list(ahead) == list(range(100))
        assert list(ahead) == []


def test_it_is_ahead_but_not_far() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with ReadAhead(items(), most=3) as ahead:
        # Three are ready, and one waits for room.
        wait_until(lambda: len(taken) == 4, "it has read ahead")
        assert next(ahead) == 0
        wait_until(lambda: len(taken) == 5, "there is room again")


def test_what_goes_wrong_is_raised_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with ReadAhead(items(), most=3) as ahead:
        assert next(ahead) == 1
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                next(ahead)


def test_whoever_leaves_early_leaves_nothing_running() -> None:
    before = threading.active_count()
    with ReadAhead(iter(int, 1), most=3) as ahead:
        next(ahead)
    assert threading.active_count() == before
