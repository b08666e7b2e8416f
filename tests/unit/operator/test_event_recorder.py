"""Events are written beside the work; what cannot be written, or is too much, is dropped."""

import asyncio
from collections import Counter

from support.builders import NOW, make_transcription_job
from support.fake_time import run_in_fake_time
from waas_contract.job_status import Phase, TranscriptionJobStatus
from waas_operator.errors import Conflict, Refused
from waas_operator.event_recorder import (
    GOOD_NEWS_AT_ONCE,
    GOOD_NEWS_PER_SECOND,
    EventRecorder,
)
from waas_operator.seams import Resource


class Events:
    """Keeps Events, and may refuse them."""

    def __init__(self) -> None:
        self.kept: dict[str, Resource] = {}
        self.error: Exception | None = None

    async def create_event(self, event: Resource) -> None:
        if self.error:
            raise self.error
        name = event["metadata"]["name"]
        if name in self.kept:
            raise Conflict("409")
        self.kept[name] = event

    async def update_event(self, metadata: Resource, change: Resource) -> None:
        self.kept[metadata["name"]].update(change)


class Scene:
    def __init__(self) -> None:
        self.events = Events()
        self.dropped: Counter[str] = Counter()
        self.seconds = 0.0
        self.recorder = EventRecorder(
            self.events, "pod", lambda: NOW, self._drop, monotonic=lambda: self.seconds
        )

    def _drop(self, reason: str) -> None:
        self.dropped[reason] += 1

    def lose_pods(self, number: int) -> None:
        """Tell that `number` pods are lost by now, one more than before."""
        before = TranscriptionJobStatus(failed_pods=number - 1)
        after = TranscriptionJobStatus(failed_pods=number)
        self.recorder.note_status(make_transcription_job(status=before), after)

    def end(self, phase: Phase, name: str = "interview") -> None:
        """Tell that a job has ended."""
        job = make_transcription_job()
        metadata = job.metadata.model_copy(update={"name": name})
        after = TranscriptionJobStatus(phase=phase)
        self.recorder.note_status(job.model_copy(update={"metadata": metadata}), after)

    async def write(self) -> None:
        task = asyncio.create_task(self.recorder.write_forever())
        await asyncio.sleep(1)
        task.cancel()


def test_repetitions_are_counted_in_one_event() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        for number in (1, 2, 3):
            scene.lose_pods(number)
        await scene.write()
        return scene

    scene = run_in_fake_time(scenario())

    (event,) = scene.events.kept.values()
    assert (event["reason"], event["series"]["count"]) == ("Retrying", 3)


def test_one_that_takes_over_repeats_nothing() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        scene.lose_pods(1)
        scene.lose_pods(1)
        await scene.write()
        return scene

    scene = run_in_fake_time(scenario())

    (event,) = scene.events.kept.values()
    assert "series" not in event
    assert not scene.dropped


def test_one_that_is_refused_does_not_keep_the_others() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        for error in (Refused("403"), ZeroDivisionError("a bug")):
            scene.events.error = error
            scene.lose_pods(1)
            await scene.write()
        scene.events.error = None
        scene.lose_pods(1)
        await scene.write()
        return scene

    scene = run_in_fake_time(scenario())

    assert (len(scene.events.kept), scene.dropped) == (1, {"failed": 2})


def test_a_crowd_is_dropped_rather_than_waited_for() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        for _ in range(1003):
            scene.lose_pods(1)
        return scene

    assert run_in_fake_time(scenario()).dropped == {"crowd": 3}


def test_of_a_crowd_of_good_news_some_a_second_are_told_and_all_bad_news() -> None:
    seconds = 4

    async def scenario() -> Scene:
        scene = Scene()
        for number in range(GOOD_NEWS_AT_ONCE + 50):
            scene.end(Phase.SUCCEEDED, f"good-{number}")
        scene.seconds += seconds
        for number in range(100):
            scene.end(Phase.SUCCEEDED, f"later-{number}")
            scene.end(Phase.FAILED, f"bad-{number}")
        await scene.write()
        return scene

    scene = run_in_fake_time(scenario())

    told = Counter(event["reason"] for event in scene.events.kept.values())
    allowed = GOOD_NEWS_AT_ONCE + seconds * GOOD_NEWS_PER_SECOND
    assert told == {"Succeeded": allowed, "Failed": 100}
    assert scene.dropped == {"crowd": GOOD_NEWS_AT_ONCE + 150 - allowed}


def test_no_more_than_a_crowd_is_told_after_a_long_silence() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        scene.seconds += 3600
        for number in range(GOOD_NEWS_AT_ONCE + 1):
            scene.end(Phase.SUCCEEDED, f"good-{number}")
        return scene

    assert run_in_fake_time(scenario()).dropped == {"crowd": 1}
