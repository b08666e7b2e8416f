"""Of every job that has ended there is a record in the store, and nothing is deleted before."""

import json

import pytest

from support.builders import NOW, make_transcription_job
from support.scene import RECORD_KEY, Scene
from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.names import IMPORTED_ANNOTATION
from waas_contract.records import read_record
from waas_contract.removal import mark_removal
from waas_operator.errors import StorageUnavailable

ENDED = TranscriptionJobStatus(phase=Phase.FAILED, completion_time=NOW)


async def test_the_record_says_what_the_last_status_says() -> None:
    scene = Scene()
    scene.publish()

    assert await scene.step() == (["delete_secret", "replace_status"], None)

    assert scene.condition(ConditionType.ARCHIVED) == ("True", "RecordStored", "")
    record = read_record(scene.store.notes[RECORD_KEY], "newsroom", "interview")
    assert record.status == scene.status
    assert record.spec == make_transcription_job().spec


async def test_a_store_that_is_away_keeps_no_end_waiting_but_every_deletion() -> None:
    scene = Scene(profile="huge", ttl_seconds_after_finished=0)
    scene.store.is_away = True

    with pytest.raises(StorageUnavailable):
        await scene.step()
    assert scene.phase == Phase.FAILED
    assert scene.status.condition(ConditionType.ARCHIVED) is None
    scene.store.is_away = False

    assert await scene.step() == (["replace_status"], 0)
    assert scene.condition(ConditionType.ARCHIVED)[0] == "True"
    assert json.loads(scene.store.notes[RECORD_KEY])["status"]["phase"] == "Failed"
    assert (await scene.step())[0] == ["annotate", "delete_transcription_job"]
    assert scene.store.notes == {}


async def test_what_ended_under_an_earlier_release_gets_its_record() -> None:
    scene = Scene()
    scene.cluster.put(make_transcription_job(status=ENDED))

    assert await scene.step() == (["replace_status"], 0)

    assert RECORD_KEY in scene.store.notes
    assert await scene.step() == ([], None)


async def test_nothing_appears_below_the_prefix_of_what_somebody_removes() -> None:
    scene = Scene()
    job = make_transcription_job(status=ENDED)
    marked = job.metadata.model_copy(update={"annotations": mark_removal("api-1", NOW)})
    scene.cluster.put(job.model_copy(update={"metadata": marked}))

    assert await scene.step() == ([], 300)
    assert scene.store.notes == {}


async def test_an_answer_that_somebody_waits_for_leaves_no_record() -> None:
    scene = Scene(task="detect", profile="huge")

    assert await scene.step() == (["delete_secret", "replace_status"], None)
    assert scene.store.notes == {}


async def test_an_imported_job_is_left_alone_until_its_status_is_there() -> None:
    scene = Scene()
    job = make_transcription_job()
    imported = job.metadata.model_copy(update={"annotations": {IMPORTED_ANNOTATION: "2026"}})
    scene.cluster.put(job.model_copy(update={"metadata": imported}))

    assert await scene.step() == ([], None)
    assert scene.cluster.jobs == {}
