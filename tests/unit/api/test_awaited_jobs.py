"""Jobs that go on for as long as somebody waits, and a while longer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from support.api_builders import make_spec, make_status
from support.fake_time import run_in_fake_time
from support.fake_transcription_jobs import CREATION_TIME, FakeTranscriptionJobs
from waas_api.errors import ClusterUnavailable
from waas_api.jobs.awaited_jobs import (
    AWAITED_LABELS,
    AwaitedJobs,
    cancel_abandoned_again_and_again,
)
from waas_contract.job_status import Phase
from waas_contract.names import AWAITED_UNTIL_ANNOTATION

GRACE = 600.0
INTERVAL = GRACE / 10


class Scene:
    """One awaited job, and a clock that goes with the event loop's."""

    def __init__(self, phase: Phase | None = Phase.RUNNING, labels: bool = True) -> None:
        self.jobs = FakeTranscriptionJobs()
        status = make_status(phase) if phase else None
        self.jobs.put("a", make_spec(), status, labels=AWAITED_LABELS if labels else None)
        self.awaited = AwaitedJobs(self.jobs, grace_seconds=GRACE, now=self.now)
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        try:
            passed = asyncio.get_running_loop().time()
        except RuntimeError:
            passed = 0.0
        return CREATION_TIME + self.ahead + timedelta(seconds=passed)

    def is_cancelled(self) -> bool:
        return self.jobs.jobs["a"].spec.cancelled

    async def cancel_abandoned(self, after_seconds: float) -> bool:
        self.ahead = timedelta(seconds=after_seconds)
        await self.awaited.cancel_abandoned()
        return self.is_cancelled()


@pytest.mark.parametrize(
    ("sentence", "phase", "labels", "after_seconds", "is_cancelled"),
    [
        ("within the grace time it goes on", Phase.RUNNING, True, GRACE, False),
        ("past it, it is cancelled", Phase.RUNNING, True, GRACE + 1, True),
        ("before it has begun, too", None, True, GRACE + 1, True),
        ("one that has ended stays as it is", Phase.SUCCEEDED, True, GRACE + 1, False),
        ("other jobs are nobody's business here", Phase.RUNNING, False, 10 * GRACE, False),
    ],
)
def test_a_job_that_nobody_ever_waited_for(
    sentence: str,  # noqa: ARG001
    phase: Phase | None,
    labels: bool,
    after_seconds: float,
    is_cancelled: bool,
) -> None:
    scene = Scene(phase, labels)

    assert run_in_fake_time(scene.cancel_abandoned(after_seconds)) is is_cancelled


def test_whoever_waits_holds_it_and_the_grace_time_begins_when_the_last_one_leaves() -> None:
    scene = Scene()

    async def play() -> None:
        async with scene.awaited.awaited("a"):
            await asyncio.sleep(10 * GRACE)
            await scene.awaited.cancel_abandoned()
            assert not scene.is_cancelled()
        await asyncio.sleep(GRACE)
        await scene.awaited.cancel_abandoned()
        assert not scene.is_cancelled()
        await asyncio.sleep(INTERVAL + 1)
        await scene.awaited.cancel_abandoned()
        assert scene.is_cancelled()

    run_in_fake_time(play())


def test_records_that_are_away_for_a_while_end_nothing() -> None:
    scene = Scene()

    async def play() -> None:
        async with scene.awaited.awaited("a"):
            scene.jobs.read_error = ClusterUnavailable("away")
            await asyncio.sleep(GRACE / 2)
            scene.jobs.read_error = None
            await asyncio.sleep(GRACE)
            await scene.awaited.cancel_abandoned()
            assert not scene.is_cancelled()

    run_in_fake_time(play())


def test_one_that_was_promised_to_go_on_does_though_others_come_and_go() -> None:
    scene = Scene()

    async def play() -> None:
        await scene.awaited.keep("a")
        async with scene.awaited.awaited("a"):
            await asyncio.sleep(1)
        assert not await scene.cancel_abandoned(365 * 86400)

    run_in_fake_time(play())


@pytest.mark.parametrize("text", ["soon", "2026-11-22T17:25:45", ""])
def test_an_annotation_that_somebody_spoilt_counts_as_none(text: str) -> None:
    scene = Scene()

    async def play() -> bool:
        await scene.jobs.annotate("a", {AWAITED_UNTIL_ANNOTATION: text})
        return await scene.cancel_abandoned(GRACE + 1)

    assert run_in_fake_time(play())


def test_the_annotation_is_a_time_that_other_replicas_can_read() -> None:
    scene = Scene()

    job = run_in_fake_time(scene.awaited.renew("a"))

    until = datetime.fromisoformat(job.metadata.annotations[AWAITED_UNTIL_ANNOTATION])
    assert until == (CREATION_TIME + timedelta(seconds=GRACE + INTERVAL)).astimezone(UTC)


def test_a_service_that_was_away_gives_clients_the_grace_time_to_come_back() -> None:
    scene = Scene()
    scene.ahead = timedelta(days=1)

    async def play() -> None:
        looking = asyncio.create_task(
            cancel_abandoned_again_and_again(lambda: [scene.awaited], grace_seconds=GRACE)
        )
        await asyncio.sleep(GRACE - 1)
        assert not scene.is_cancelled()
        scene.jobs.read_error = ClusterUnavailable("away")
        await asyncio.sleep(2)
        scene.jobs.read_error = None
        assert not scene.is_cancelled()
        await asyncio.sleep(INTERVAL)
        assert scene.is_cancelled()
        looking.cancel()

    run_in_fake_time(play())
