"""Events are written beside the work; what cannot be written is dropped."""

import asyncio

from support.builders import NOW, make_transcription_job
from support.fake_time import run_in_fake_time
from waas_contract.transcription_job import TranscriptionJobStatus
from waas_operator.errors import Conflict, Refused
from waas_operator.event_recorder import EventRecorder
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
        self.dropped = 0
        self.recorder = EventRecorder(self.events, "pod", lambda: NOW, self._drop)

    def _drop(self) -> None:
        self.dropped += 1

    def lose_pods(self, number: int) -> None:
        """Tell that `number` pods are lost by now, one more than before."""
        before = TranscriptionJobStatus(failed_pods=number - 1)
        after = TranscriptionJobStatus(failed_pods=number)
        self.recorder.note_status(make_transcription_job(status=before), after)

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
    assert scene.dropped == 0


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

    assert (len(scene.events.kept), scene.dropped) == (1, 2)


def test_a_crowd_is_dropped_rather_than_waited_for() -> None:
    async def scenario() -> Scene:
        scene = Scene()
        for _ in range(1003):
            scene.lose_pods(1)
        return scene

    assert run_in_fake_time(scenario()).dropped == 3
