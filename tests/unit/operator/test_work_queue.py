"""The queue's promises, in a time of its own."""

import asyncio
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fake_time import NoJitter, run_in_fake_time
from waas_operator.work_queue import WorkQueue


def make_queue() -> WorkQueue[str]:
    return WorkQueue(jitter=NoJitter())


async def take(queue: WorkQueue[str]) -> tuple[float, str]:
    """Return when the next key came, and which; it counts as processed well."""
    key = await queue.get()
    queue.done(key)
    return asyncio.get_running_loop().time(), key


async def take_all(queue: WorkQueue[str]) -> list[tuple[float, str]]:
    """Return what comes until nothing more is to come."""
    taken = []
    try:
        async with asyncio.timeout(100_000):
            while True:
                taken.append(await take(queue))
    except TimeoutError:
        return taken


def test_a_key_that_is_added_twice_comes_once() -> None:
    async def scenario() -> None:
        queue = make_queue()
        for key in "aba":
            queue.add(key)

        assert await take_all(queue) == [(0, "a"), (0, "b")]

    run_in_fake_time(scenario())


def test_a_key_that_is_added_while_it_is_processed_comes_once_more_afterwards() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add("a")
        key = await queue.get()
        for _ in range(3):
            queue.add("a")
        queue.add("b")

        assert await take(queue) == (0, "b")
        queue.done(key)

        assert await take_all(queue) == [(0, "a")]

    run_in_fake_time(scenario())


@given(
    keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=30),
    consumers=st.integers(1, 4),
    seed=st.integers(0, 1000),
)
def test_no_key_is_ever_with_two_consumers_and_none_is_lost(
    keys: list[str], consumers: int, seed: int
) -> None:
    async def scenario() -> None:
        queue, random = make_queue(), Random(seed)
        processed: set[str] = set()
        looked_at_after: dict[str, float] = {}

        async def consume() -> None:
            while True:
                key = await queue.get()
                assert key not in processed
                processed.add(key)
                looked_at_after[key] = asyncio.get_running_loop().time()
                await asyncio.sleep(random.uniform(0, 2))
                processed.remove(key)
                if random.random() < 0.3:
                    queue.failed(key)
                else:
                    queue.done(key)

        added_at: dict[str, float] = {}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(consume()) for _ in range(consumers)]
            for key in keys:
                added_at[key] = asyncio.get_running_loop().time()
                queue.add(key)
                await asyncio.sleep(random.uniform(0, 1))
            await asyncio.sleep(10_000)
            for task in tasks:
                task.cancel()

        assert all(looked_at_after[key] >= added_at[key] for key in added_at)

    run_in_fake_time(scenario())


def test_a_key_that_fails_comes_back_later_and_later_until_it_is_well() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add("a")
        delays, starts = [], []
        for _ in range(11):
            key = await queue.get()
            starts.append(asyncio.get_running_loop().time())
            delays.append(queue.failed(key))

        assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        assert [after - before for before, after in pairwise(starts)] == (delays[:-1])

        queue.done(await queue.get())
        queue.add("a")
        assert queue.failed(await queue.get()) == 1

    run_in_fake_time(scenario())


def test_a_failure_of_one_key_does_not_slow_another() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add("a")
        queue.failed(await queue.get())
        queue.add("b")

        assert queue.failed(await queue.get()) == 1

    run_in_fake_time(scenario())


@given(st.integers(0, 10_000))
def test_failures_are_spread_by_a_quarter(seed: int) -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(jitter=Random(seed))
        queue.add("a")

        assert 0.75 <= queue.failed(await queue.get()) <= 1.25

    run_in_fake_time(scenario())


def test_a_key_that_fails_while_there_is_news_of_it_is_tried_at_once() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add("a")
        key = await queue.get()
        queue.add("a")
        queue.failed(key)

        assert await take_all(queue) == [(0, "a")]

    run_in_fake_time(scenario())


DELAYS = [
    ("keys come in the order in which they are due", [("a", 9), ("b", 3)], [(3, "b"), (9, "a")]),
    ("the latest wish counts, if it is later", [("a", 3), ("a", 9)], [(9, "a")]),
    ("the latest wish counts, if it is sooner", [("a", 9), ("a", 3)], [(3, "a")]),
    ("no delay is soon", [("a", 0)], [(0, "a")]),
]


@pytest.mark.parametrize(
    ("wishes", "taken"), [pytest.param(*case[1:], id=case[0]) for case in DELAYS]
)
def test_delays(wishes: list[tuple[str, float]], taken: list[tuple[float, str]]) -> None:
    async def scenario() -> None:
        queue = make_queue()
        for key, delay_seconds in wishes:
            queue.add_after(key, delay_seconds)

        assert await take_all(queue) == taken

    run_in_fake_time(scenario())


def test_a_delay_is_forgotten_when_the_key_is_processed_before() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add_after("a", 300)
        queue.add("a")

        assert await take_all(queue) == [(0, "a")]

    run_in_fake_time(scenario())


def test_a_key_with_much_news_is_not_looked_at_more_and_more_often() -> None:
    async def scenario() -> None:
        queue = make_queue()
        looks = 0

        async def consume() -> None:
            nonlocal looks
            while True:
                key = await queue.get()
                looks += 1
                queue.done(key)
                queue.add_after(key, 15)

        consumer = asyncio.create_task(consume())
        for _ in range(100):
            queue.add("a")
            await asyncio.sleep(1)
        assert looks == 100

        await asyncio.sleep(150)
        consumer.cancel()

        assert looks == 110

    run_in_fake_time(scenario())


def test_a_delay_that_ends_while_the_key_is_processed_makes_it_come_once_more() -> None:
    async def scenario() -> None:
        queue = make_queue()
        queue.add("a")
        key = await queue.get()
        queue.add_after("a", 5)
        await asyncio.sleep(10)
        queue.done(key)

        assert await take_all(queue) == [(10, "a")]

    run_in_fake_time(scenario())


def test_delays_have_jitter_of_their_own_unless_it_is_given() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")

        assert queue.failed(await queue.get()) > 0

    run_in_fake_time(scenario())
