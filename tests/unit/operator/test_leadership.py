"""One operator of several acts, and it stops before another may begin."""

import asyncio
import copy

import pytest

from support.builders import NOW
from support.fake_time import run_in_fake_time
from waas_operator.errors import ClusterUnavailable, Conflict, LeadershipLost
from waas_operator.leadership import Candidate, Leadership
from waas_operator.seams import Resource


class Leases:
    """One Lease in memory, in an API server that may be away or slow."""

    def __init__(self) -> None:
        self.lease: Resource | None = None
        self.version = 0
        self.is_away = False
        self.is_silent = False

    async def get_lease(self, namespace: str, name: str) -> Resource | None:
        assert (namespace, name) == ("system", "waas-operator")
        await self._answer()
        return copy.deepcopy(self.lease)

    async def write_lease(self, lease: Resource) -> Resource:
        await self._answer()
        known = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if lease["metadata"].get("resourceVersion") != known:
            raise Conflict("changed in between")
        self.version += 1
        self.lease = copy.deepcopy(lease)
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return copy.deepcopy(self.lease)

    @property
    def holder(self) -> str:
        return str(self.lease["spec"]["holderIdentity"]) if self.lease else ""

    async def _answer(self) -> None:
        if self.is_silent:
            await asyncio.Event().wait()
        if self.is_away:
            raise ClusterUnavailable("503")


def now() -> float:
    return asyncio.get_running_loop().time()


def candidate(leases: Leases, identity: str) -> Leadership:
    return Leadership(
        leases,
        Candidate("waas-operator", "system", identity),
        monotonic=now,
        clock=lambda: NOW,
    )


async def acquire(leadership: Leadership) -> None:
    async with asyncio.timeout(100):
        await leadership.acquire(lambda: None)


def test_the_first_leads_and_the_second_waits_until_it_is_released() -> None:
    async def scenario() -> float:
        leases = Leases()
        first, second = candidate(leases, "a"), candidate(leases, "b")
        await acquire(first)
        holding = asyncio.create_task(first.hold())
        waiting = asyncio.create_task(acquire(second))
        await asyncio.sleep(60.5)
        assert (first.is_held, second.is_held) == (True, False)
        holding.cancel()
        released = now()
        await first.release()
        assert not first.is_held
        await waiting
        assert (second.is_held, leases.holder) == (True, "b")
        return now() - released

    assert run_in_fake_time(scenario()) <= 2


def test_one_that_died_is_followed_after_the_leases_duration() -> None:
    async def scenario() -> float:
        leases = Leases()
        await acquire(candidate(leases, "a"))
        second = candidate(leases, "b")
        await acquire(second)
        assert second.is_held
        return now()

    assert 15 <= run_in_fake_time(scenario()) <= 17


AWAY = [("it answers with an error", "is_away"), ("it does not answer", "is_silent")]


@pytest.mark.parametrize("how", [pytest.param(case[1], id=case[0]) for case in AWAY])
def test_without_an_api_server_it_stops_before_others_may_begin(how: str) -> None:
    async def scenario() -> float:
        leases = Leases()
        leadership = candidate(leases, "a")
        await acquire(leadership)
        setattr(leases, how, True)
        with pytest.raises(LeadershipLost):
            await leadership.hold()
        with pytest.raises(LeadershipLost):
            leadership.ensure()
        return now()

    assert 10 <= run_in_fake_time(scenario()) < 15


def test_a_short_absence_of_the_api_server_costs_nothing() -> None:
    async def scenario() -> None:
        leases = Leases()
        leadership = candidate(leases, "a")
        await acquire(leadership)
        holding = asyncio.create_task(leadership.hold())
        leases.is_away = True
        await asyncio.sleep(7)
        leases.is_away = False
        await asyncio.sleep(30)
        assert leadership.is_held
        assert not holding.done()
        holding.cancel()

    run_in_fake_time(scenario())


def test_one_that_was_paused_may_not_write_though_nobody_told_it() -> None:
    paused_until = 0.0

    async def scenario() -> None:
        nonlocal paused_until
        leases = Leases()
        leadership = Leadership(
            leases,
            Candidate("waas-operator", "system", "a"),
            monotonic=lambda: now() + paused_until,
            clock=lambda: NOW,
        )
        await acquire(leadership)
        leadership.ensure()
        paused_until = 20
        with pytest.raises(LeadershipLost):
            leadership.ensure()
        with pytest.raises(LeadershipLost):
            await leadership.hold()

    run_in_fake_time(scenario())


def test_one_whose_lease_was_taken_says_by_whom() -> None:
    async def scenario() -> None:
        leases = Leases()
        leadership = candidate(leases, "a")
        await acquire(leadership)
        assert leases.lease is not None
        leases.lease["spec"]["holderIdentity"] = "b"
        leases.lease["metadata"]["resourceVersion"] = "99"
        with pytest.raises(LeadershipLost, match="held by b"):
            await leadership.hold()
        assert not leadership.is_held
        await leadership.release()
        assert leases.holder == "b", "what is not held is not given away"

    run_in_fake_time(scenario())


def test_an_edit_by_a_person_costs_nothing() -> None:
    async def scenario() -> None:
        leases = Leases()
        leadership = candidate(leases, "a")
        await acquire(leadership)
        assert leases.lease is not None
        leases.lease["metadata"]["resourceVersion"] = "99"
        holding = asyncio.create_task(leadership.hold())
        await asyncio.sleep(30)
        assert leadership.is_held
        holding.cancel()

    run_in_fake_time(scenario())


def test_two_that_take_it_at_once_are_one() -> None:
    async def scenario() -> None:
        leases = Leases()
        first, second = candidate(leases, "a"), candidate(leases, "b")
        tasks = [asyncio.create_task(acquire(each)) for each in (first, second)]
        await asyncio.wait(tasks, timeout=1)
        for task in tasks:
            task.cancel()
        assert [first.is_held, second.is_held].count(True) == 1

    run_in_fake_time(scenario())
