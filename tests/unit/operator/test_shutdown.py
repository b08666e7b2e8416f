"""An operator that is told to stop finishes what it has in hand, then lets another act."""

import asyncio

import pytest

from support.fake_time import NoJitter, run_in_fake_time
from waas_operator.control_loops import consume
from waas_operator.errors import ClusterUnavailable
from waas_operator.reconcile import Key
from waas_operator.shutdown import comes_first, finish
from waas_operator.work_queue import WorkQueue


class Consumers:
    """Two consumers whose reconcile takes some seconds."""

    def __init__(self, seconds: float) -> None:
        self.queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.tasks = [asyncio.create_task(consume(self.queue, self._reconcile)) for _ in range(2)]
        self._seconds = seconds
        for name in ("a", "b", "c"):
            self.queue.add(Key("newsroom", name))

    async def _reconcile(self, key: Key) -> float | None:
        self.begun.append(key.name)
        await asyncio.sleep(self._seconds)
        self.ended.append(key.name)
        if key.name == "b":
            raise ClusterUnavailable("503")
        return 1.0


def test_what_is_in_hand_is_finished_and_nothing_else_is_begun() -> None:
    async def scenario() -> tuple[Consumers, float]:
        consumers = Consumers(3)
        await asyncio.sleep(1)
        await finish(consumers.queue, consumers.tasks, None)
        consumers.queue.add(Key("newsroom", "late"))
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(100)
        return consumers, now

    consumers, now = run_in_fake_time(scenario())

    assert consumers.begun == consumers.ended == ["a", "b"]
    assert now == 3
    assert all(task.done() for task in consumers.tasks)


def test_what_hangs_is_not_waited_for_longer_than_the_pod_has_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> tuple[Consumers, float]:
        consumers = Consumers(1000)
        await asyncio.sleep(1)
        await finish(consumers.queue, consumers.tasks, None)
        return consumers, asyncio.get_running_loop().time()

    consumers, now = run_in_fake_time(scenario())

    assert (consumers.ended, now) == ([], 11)
    assert "took too long" in caplog.text


def test_one_with_nothing_in_hand_ends_at_once() -> None:
    async def scenario() -> float:
        queue: WorkQueue[Key] = WorkQueue()
        await finish(queue, [], None)
        return asyncio.get_running_loop().time()

    assert run_in_fake_time(scenario()) == 0


def test_a_follower_that_is_told_to_stop_waits_no_longer() -> None:
    async def scenario() -> tuple[str | None, str | None]:
        stop = asyncio.Event()
        was_first = await comes_first(asyncio.sleep(1, "done"), stop)
        asyncio.get_running_loop().call_later(1, stop.set)
        was_late = await comes_first(asyncio.sleep(1000, "done"), stop)
        return was_first, was_late

    assert run_in_fake_time(scenario()) == ("done", None)


def test_what_fails_before_the_stop_fails() -> None:
    async def fail() -> None:
        raise ClusterUnavailable("503")

    async def scenario() -> None:
        with pytest.raises(ClusterUnavailable):
            await comes_first(fail(), asyncio.Event())

    run_in_fake_time(scenario())
