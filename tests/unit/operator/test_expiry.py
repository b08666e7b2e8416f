"""A TranscriptionJob whose time to live ends, in an in-memory world."""

from datetime import timedelta
from typing import Any, Literal

import pytest

from support.builders import NOW, make_settings
from support.fake_cluster import Crashed
from support.scene import MANIFEST_KEY, Scene
from waas_contract.job_status import Phase
from waas_contract.removal import LEASE
from waas_operator.errors import Conflict, StorageUnavailable
from waas_operator.keeping import Keeper
from waas_operator.reconcile import Key

KEY = Key("newsroom", "interview")
RESULT_KEY = "newsroom/interview/results/1/transcript.srt"
REMOVED = ["annotate", "delete_transcription_job"]
OTHERS = {
    "newsroom/interview-2/manifest.json": b"of a name that begins alike",
    "newsroom/by-hand/clip.flac": b"the source of several jobs",
    "sports/interview/manifest.json": b"of another namespace",
}


async def finished(*, default_ttl_seconds: int | None = None, **spec: Any) -> Scene:
    """Return a scene in which the results are found at the first look, at NOW."""
    scene = Scene(make_settings(default_ttl_seconds=default_ttl_seconds), **spec)
    scene.publish()
    scene.store.notes[RESULT_KEY] = b"1"
    scene.store.notes |= OTHERS
    await scene.step()
    assert scene.phase == Phase.SUCCEEDED
    return scene


async def test_the_objects_go_then_the_record_and_nothing_else() -> None:
    scene = Scene(ttl_seconds_after_finished=3600)
    scene.publish()
    assert await scene.step() == (["delete_secret", "replace_status"], 3600)
    assert scene.status.expiry_time == NOW + timedelta(hours=1)
    scene.store.notes[RESULT_KEY] = b"1"
    scene.store.notes |= OTHERS

    assert await scene.step(3599) == ([], 1)
    assert await scene.step(1) == (REMOVED, None)

    assert scene.store.notes == OTHERS
    assert scene.cluster.transcription_jobs == {}


async def test_a_source_elsewhere_is_never_touched() -> None:
    source = {"key": "newsroom/by-hand/clip.flac"}
    scene = Scene(source=source, ttl_seconds_after_failure=0, profile="huge")
    scene.store.notes |= OTHERS

    writes = ["delete_secret", "replace_status", *REMOVED]
    assert await scene.step() == (writes, None)
    assert scene.store.notes == OTHERS


async def test_a_store_that_is_away_keeps_the_record() -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    scene.store.is_away = True

    with pytest.raises(StorageUnavailable):
        await scene.step(60)
    assert scene.phase == Phase.SUCCEEDED
    assert RESULT_KEY in scene.store.notes

    scene.store.is_away = False
    assert await scene.step(1) == (REMOVED, None)
    assert scene.store.notes == OTHERS


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_death_around_the_last_write_is_made_good(
    moment: Literal["before", "after"],
) -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    scene.cluster.crash_at = (moment, 2)

    with pytest.raises(Crashed):
        await scene.step(60)
    assert MANIFEST_KEY not in scene.store.notes, "objects without a record nobody would find"
    scene.cluster.crash_at = None
    await scene.step()

    assert scene.cluster.transcription_jobs == {}
    assert scene.store.notes == OTHERS


async def test_a_time_to_live_may_change_after_the_end() -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    before = scene.status

    scene.cluster.change("interview", ttl_seconds_after_finished=600)
    assert await scene.step(61) == (["replace_status"], 539)

    # Nothing else of it does.
    expiry_time = NOW + timedelta(minutes=10)
    assert scene.status == before.model_copy(update={"expiry_time": expiry_time})
    scene.cluster.change("interview", ttl_seconds_after_finished=None)
    assert await scene.step(600) == (["replace_status"], None)
    assert scene.status.expiry_time is None
    scene.cluster.change("interview", ttl_seconds_after_finished=1)
    assert await scene.step() == (["replace_status"], 0)
    assert (await scene.step())[0] == REMOVED


async def test_the_default_is_for_those_that_name_none() -> None:
    scene = await finished(default_ttl_seconds=60)
    assert (await scene.step(60))[0] == REMOVED

    scene = await finished(default_ttl_seconds=60, ttl_seconds_after_finished=120)
    assert await scene.step(60) == ([], 60)


async def test_a_change_in_between_is_looked_at_anew() -> None:
    scene = await finished()
    scene.cluster.change("interview", ttl_seconds_after_finished=600)
    scene.cluster.failures["replace_status"] = Conflict("changed in between")

    with pytest.raises(Conflict):
        await scene.step()
    assert await scene.step() == (["replace_status"], 600)


NEW_AUDIO = "newsroom/interview/audio/new.flac"


async def make_anew(scene: Scene) -> None:
    """Have somebody else remove the job, and a new one of its name come with its audio."""
    known = scene.cluster.transcription_jobs.pop("interview")
    metadata = known.metadata.model_copy(update={"uid": "another", "resource_version": "700"})
    scene.cluster.put(known.model_copy(update={"metadata": metadata, "status": None}))
    scene.store.notes[NEW_AUDIO] = b"new"


async def test_a_newer_job_of_the_name_keeps_its_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    annotate = scene.cluster.annotate

    async def annotate_too_late(*arguments: Any) -> None:
        await make_anew(scene)
        await annotate(*arguments)

    monkeypatch.setattr(scene.cluster, "annotate", annotate_too_late)

    with pytest.raises(Conflict):
        await scene.step(60)
    assert NEW_AUDIO in scene.store.notes
    assert scene.cluster.transcription_jobs["interview"].metadata.uid == "another"


async def test_the_name_stays_taken_while_somebody_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    rival = Keeper(scene.cluster, scene.store, scene.settings, lambda: scene.now)
    discard_all, found = scene.store.discard_all, []

    async def discard_slowly(prefix: str, *, until: float) -> None:
        found.append(await rival.look_after(KEY))
        assert "interview" in scene.cluster.transcription_jobs, "a new job could meet our discard"
        await discard_all(prefix, until=until)

    monkeypatch.setattr(scene.store, "discard_all", discard_slowly)

    assert await scene.step(60) == (REMOVED, None)
    assert found == [LEASE.total_seconds()], "the other operator waits"
    assert scene.store.notes == OTHERS


async def test_another_operator_takes_over_from_one_that_died() -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    scene.cluster.crash_at = ("after", 1)
    with pytest.raises(Crashed):
        await scene.step(60)
    scene.cluster.crash_at = None
    scene.restart()

    assert await scene.step(1) == ([], LEASE.total_seconds() - 1)
    assert MANIFEST_KEY in scene.store.notes
    assert await scene.step(LEASE.total_seconds() - 1) == (REMOVED, None)
    assert scene.store.notes == OTHERS


async def test_one_look_at_a_wrong_clock_deletes_nothing() -> None:
    scene = Scene(
        make_settings(removal_grace_seconds=60),
        ttl_seconds_after_finished=60,
    )
    scene.publish()
    await scene.step()
    years = 1e8

    # A new operator, whose clock is years ahead.
    scene.restart()
    assert await scene.step(years) == ([], 60)
    assert await scene.step(59) == ([], 1)
    scene.now -= timedelta(seconds=years + 59)
    # It was set right before a minute was over.
    assert await scene.step() == ([], 60)
    assert await scene.step(60) == ([], 60), "from now on the minute counts anew"
    assert await scene.step(60) == (REMOVED, None)


async def test_a_clock_that_is_not_the_servers_deletes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = await finished(ttl_seconds_after_finished=60)
    scene.cluster.distrust = "the clocks differ"

    for _ in range(3):
        writes, seconds = await scene.step(100)
        assert (writes, seconds) == ([], 300)
    assert [each.message for each in caplog.records] == [
        "nothing that expired is deleted: the clocks differ"
    ]
    scene.cluster.distrust = None
    assert await scene.step(1) == (REMOVED, None)
