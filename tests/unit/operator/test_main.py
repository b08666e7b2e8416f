"""The loops around the reconciler: one bad resource or one bad minute stops nothing."""

import asyncio
import logging
from datetime import timedelta
from itertools import pairwise

import pytest

from support.builders import NOW, make_settings, make_transcription_job
from support.fake_cluster import FakeCluster, FakeStore
from support.fake_time import NoJitter, run_in_fake_time
from support.kubernetes_objects import to_text
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.control_loops import choose_namespaces, consume, notice, resync_forever
from waas_operator.errors import (
    ClusterUnavailable,
    NamespaceAppeared,
    OperatorError,
    Refused,
    StorageUnavailable,
)
from waas_operator.health import Health
from waas_operator.keeping import Keeper
from waas_operator.reconcile import Key, Reconciler
from waas_operator.seams import Resource
from waas_operator.work_queue import WorkQueue


def make_named(
    name: str, phase: Phase = Phase.PENDING, namespace: str = "newsroom"
) -> TranscriptionJob:
    job = make_transcription_job(status=TranscriptionJobStatus(phase=phase))
    metadata = job.metadata.model_copy(update={"name": name, "namespace": namespace})
    source = job.spec.source.model_copy(update={"key": f"{namespace}/{name}/audio/a.mp3"})
    spec = job.spec.model_copy(update={"source": source})
    return job.model_copy(update={"metadata": metadata, "spec": spec})


class Operator:
    """A consumer and a resync loop on fakes."""

    def __init__(self) -> None:
        self.cluster = FakeCluster(NOW)
        self.store = FakeStore()
        self.settings = make_settings(job_namespaces=("newsroom", "sports"))
        self.queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        self.ended_queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())

    async def consume(self, seconds: float) -> None:
        reconciler = Reconciler(self.cluster, self.store, self.settings, lambda: NOW)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await consume(self.queue, reconciler.reconcile)

    async def resync(self, seconds: float) -> Health:
        health = Health(asyncio.get_running_loop().time, self.settings.resync_seconds)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await resync_forever(self.settings, self.cluster, self.queue, health.note_round)
        return health


def test_a_resource_in_a_strange_form_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    operator = Operator()
    for name in ("strange", "interview"):
        operator.cluster.put(make_named(name))
    operator.cluster.unreadable.add("strange")

    async def scenario() -> None:
        for name in ("strange", "interview"):
            operator.queue.add(Key("newsroom", name))
        await operator.consume(400)
        # Somebody repairs it, which an event tells.
        operator.cluster.unreadable.clear()
        operator.queue.add(Key("newsroom", "strange"))
        await operator.consume(1)

    run_in_fake_time(scenario())

    assert operator.cluster.status("interview").phase == Phase.QUEUED
    assert operator.cluster.status("strange").phase == Phase.QUEUED
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "newsroom/strange waits until it changes: not in the form of a TranscriptionJob"
    ], "it is not tried again for nothing"


def test_an_error_of_our_own_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    operator = Operator()
    for name in ("cursed", "interview"):
        operator.cluster.put(make_named(name))
    operator.cluster.failures["get_job"] = ZeroDivisionError("a bug")

    async def scenario() -> None:
        for name in ("cursed", "interview"):
            operator.queue.add(Key("newsroom", name))
        await operator.consume(1.5)

    run_in_fake_time(scenario())

    assert operator.cluster.status("interview").phase == Phase.QUEUED
    assert operator.cluster.status("cursed").phase == Phase.QUEUED, "it is tried again"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info


def test_a_job_is_looked_at_again_when_it_wants_to_be() -> None:
    operator = Operator()
    operator.cluster.put(make_named("interview"))
    operator.store.is_away = True

    async def scenario() -> None:
        operator.queue.add(Key("newsroom", "interview"))
        await operator.consume(4)
        assert operator.cluster.jobs == {}
        operator.store.is_away = False
        await operator.consume(2)

    run_in_fake_time(scenario())

    assert len(operator.cluster.jobs) == 1


def make_resource(**status: object) -> Resource:
    job = make_transcription_job(ttl_seconds_after_finished=3600)
    metadata = {"name": "interview", "namespace": "newsroom"}
    return {"metadata": metadata, "spec": job.spec.to_wire(), "status": status}


ARCHIVED = [
    {
        "type": "Archived",
        "status": "True",
        "reason": "RecordStored",
        "lastTransitionTime": to_text(NOW),
    }
]
ENDED = {"phase": "Succeeded", "completionTime": to_text(NOW), "conditions": ARCHIVED}
SEEN: list[tuple[str, Resource, float | None]] = [
    ("one that waits", make_resource(phase="Queued"), 0),
    ("one of a strange form", {**make_resource(), "spec": {"source": 7}}, 0),
    ("one that ended, whose expiry nobody has noted", make_resource(**ENDED), 0),
    (
        "one that expires in an hour",
        make_resource(**ENDED, expiryTime=to_text(NOW + timedelta(hours=1))),
        3600,
    ),
    (
        "one that expired",
        make_resource(
            phase="Failed",
            conditions=ARCHIVED,
            completionTime=to_text(NOW - timedelta(hours=1)),
            expiryTime=to_text(NOW),
        ),
        0,
    ),
    (
        "one of whose end somebody is to be told now",
        {
            **make_resource(**ENDED, notifications={"email": {"nextAttemptTime": to_text(NOW)}}),
            "spec": make_transcription_job().spec.to_wire(),
        },
        0,
    ),
    (
        "one that has expired, and of which somebody is to be told in a minute",
        make_resource(
            phase="Failed",
            conditions=ARCHIVED,
            completionTime=to_text(NOW - timedelta(hours=1)),
            expiryTime=to_text(NOW),
            notifications={"email": {"nextAttemptTime": to_text(NOW + timedelta(minutes=1))}},
        ),
        60,
    ),
    (
        "one of which there is no record yet",
        {
            **make_resource(phase="Failed", completionTime=to_text(NOW)),
            "spec": make_transcription_job().spec.to_wire(),
        },
        0,
    ),
    (
        "one that is kept for ever",
        {**make_resource(**ENDED), "spec": make_transcription_job().spec.to_wire()},
        None,
    ),
]


@pytest.mark.parametrize(
    ("resource", "seconds"), [pytest.param(*case[1:], id=case[0]) for case in SEEN]
)
def test_what_is_seen_is_looked_at_when_there_is_something_to_do(
    resource: Resource, seconds: float | None
) -> None:
    operator = Operator()

    async def scenario() -> float | None:
        notice(operator.queue, operator.ended_queue, resource, operator.settings, NOW)
        # Live work has its own queue, in which nothing waits that has ended.
        has_ended = resource.get("status", {}).get("phase") in ("Succeeded", "Failed")
        queue = operator.ended_queue if has_ended else operator.queue
        try:
            async with asyncio.timeout(100_000):
                assert await queue.get() == Key("newsroom", "interview")
        except TimeoutError:
            return None
        return asyncio.get_running_loop().time()

    assert run_in_fake_time(scenario()) == seconds


def test_a_removal_that_takes_long_keeps_no_new_job_waiting() -> None:
    operator = Operator()
    ended = make_transcription_job(
        ttl_seconds_after_finished=0,
        status=TranscriptionJobStatus(phase=Phase.SUCCEEDED, completion_time=NOW, expiry_time=NOW),
    )
    operator.cluster.put(ended)
    operator.cluster.put(make_named("new"))

    class SlowStore(FakeStore):
        async def discard_all(self, prefix: str, *, until: float) -> None:
            await asyncio.sleep(1000)
            await super().discard_all(prefix, until=until)

    operator.store = SlowStore()
    world = (operator.cluster, operator.store, operator.settings, lambda: NOW)
    keeper = Keeper(*world)
    reconciler = Reconciler(*world, hand_over=operator.ended_queue.add)

    async def scenario() -> None:
        # Also where an event of a pod brings it into the queue of live work.
        for name in ("interview", "new"):
            operator.queue.add(Key("newsroom", name))
        loops = [
            asyncio.create_task(consume(operator.queue, reconciler.reconcile)),
            asyncio.create_task(consume(operator.ended_queue, keeper.look_after)),
        ]
        await asyncio.sleep(10)
        for loop in loops:
            loop.cancel()

    run_in_fake_time(scenario())

    assert operator.cluster.status("new").phase == Phase.QUEUED
    assert operator.cluster.status("interview").phase == Phase.SUCCEEDED, "it still goes on"


def test_a_refusal_is_not_slept_through_when_a_deadline_is_near() -> None:
    operator = Operator()
    operator.cluster.put(make_transcription_job(queue_deadline_seconds=90))
    looks: list[float] = []

    async def reconcile(_: Key) -> float | None:
        now = asyncio.get_running_loop().time()
        looks.append(now)
        if now >= 90:
            return None
        refusal = Refused("no quota")
        refusal.next_look_seconds = 90 - now
        raise refusal

    async def scenario() -> None:
        operator.queue.add(Key("newsroom", "interview"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await consume(operator.queue, reconcile)

    run_in_fake_time(scenario())

    assert looks == [0, 1, 3, 7, 15, 31, 63, 90]


def test_everything_that_has_not_ended_is_queued_time_and_again() -> None:
    operator = Operator()
    operator.cluster.put(make_named("a", Phase.RUNNING))
    operator.cluster.put(make_named("b", Phase.SUCCEEDED))
    operator.cluster.put(make_named("c", namespace="sports"))
    operator.cluster.put(make_named("d", namespace="payroll"))

    async def scenario() -> None:
        health = await operator.resync(operator.settings.resync_seconds * 2 + 1)
        assert health.last_round == operator.settings.resync_seconds * 2
        taken = [await operator.queue.get() for _ in range(2)]
        assert taken == [Key("newsroom", "a"), Key("sports", "c")]

    run_in_fake_time(scenario())


def test_a_namespace_that_refuses_does_not_keep_the_others_waiting() -> None:
    operator = Operator()
    operator.cluster.put(make_named("a", namespace="sports"))
    operator.cluster.failures["list_unfinished"] = Refused("403")

    async def scenario() -> None:
        assert (await operator.resync(4)).is_ready
        assert await operator.queue.get() == Key("sports", "a")

    run_in_fake_time(scenario())


def test_a_list_that_fails_is_asked_for_again_soon() -> None:
    operator = Operator()
    error = ClusterUnavailable("503")
    operator.cluster.put(make_named("a"))
    operator.cluster.failures["list_unfinished"] = error

    async def scenario() -> None:
        assert not (await operator.resync(4)).is_ready
        operator.cluster.failures["list_unfinished"] = error
        assert (await operator.resync(6)).is_ready
        assert await operator.queue.get() == Key("newsroom", "a")

    run_in_fake_time(scenario())


def test_a_namespace_that_may_not_be_listed_is_left_out() -> None:
    operator = Operator()
    operator.cluster.failures["list_unfinished"] = Refused("newsroom: 403")

    served = run_in_fake_time(choose_namespaces(operator.settings, operator.cluster))

    assert served == ("sports",)


def test_a_start_waits_for_an_api_server_that_is_away() -> None:
    operator = Operator()
    operator.cluster.failures["list_unfinished"] = ClusterUnavailable("no answer")

    served = run_in_fake_time(choose_namespaces(operator.settings, operator.cluster))

    assert served == ("newsroom", "sports")


def test_a_namespace_that_appears_ends_the_process_so_that_it_is_watched() -> None:
    operator = Operator()
    resync = resync_forever(
        operator.settings, operator.cluster, operator.queue, lambda: None, ("newsroom",)
    )

    with pytest.raises(NamespaceAppeared, match="sports"):
        run_in_fake_time(resync)


@pytest.mark.parametrize("error", [ClusterUnavailable("busy"), StorageUnavailable("away")])
def test_nobody_rests_for_long_after_an_outage(error: OperatorError) -> None:
    moments: list[float] = []

    async def reconcile(_: Key) -> float | None:
        moments.append(asyncio.get_running_loop().time())
        raise error

    async def scenario() -> None:
        queue: WorkQueue[Key] = WorkQueue(jitter=NoJitter())
        queue.add(Key("newsroom", "interview"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await consume(queue, reconcile)

    run_in_fake_time(scenario())

    assert max(after - before for before, after in pairwise(moments)) == pytest.approx(60)
