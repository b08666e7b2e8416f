"""What a reconciler in an in-memory world sees of it, and what it leaves unasked."""

import pytest

from support.kubernetes_objects import make_pod_resource, running
from support.scene import MANIFEST_KEY, Scene
from waas_contract.job_status import ConditionType, Phase
from waas_operator.errors import ClusterUnavailable


async def test_a_store_that_is_away_is_asked_again_soon() -> None:
    scene = Scene()
    scene.store.is_away = True

    assert await scene.step() == (["replace_status"], 5)
    assert scene.condition(ConditionType.SUCCEEDED) == (
        "Unknown",
        "StorageUnavailable",
        "Waiting for the object store to come back.",
    )
    scene.store.is_away = False

    assert await scene.step() == (["apply_secret", "create_job", "replace_status"], 300)


async def test_progress_that_cannot_be_read_stops_nothing() -> None:
    scene = Scene()
    await scene.step()
    scene.set_pod(running())
    for content in ("", "not JSON", '{"processedSeconds": -1}', '{"processedSeconds": Infinity}'):
        scene.note_progress(content)
        await scene.step()
        assert scene.phase == Phase.RUNNING

    scene.store.is_away = True
    assert await scene.step() == ([], 15)


STALE = [
    ("there is none", None),
    ("it answers another request", {"spec_digest": "sha256:0"}),
    ("it is another's", {"name": "other"}),
]


@pytest.mark.parametrize("changes", [pytest.param(case[1], id=case[0]) for case in STALE])
async def test_a_manifest_that_does_not_fit_is_none(changes: dict[str, object] | None) -> None:
    scene = Scene()
    if changes:
        scene.publish(**changes)

    writes, _ = await scene.step()

    assert "create_job" in writes


async def test_a_manifest_that_is_no_manifest_is_none() -> None:
    scene = Scene()
    scene.store.notes[MANIFEST_KEY] = b'{"schemaVersion":'

    assert (await scene.step())[0] == ["apply_secret", "create_job", "replace_status"]


async def test_a_job_that_cannot_be_asked_for_is_no_missing_one() -> None:
    scene = Scene()
    await scene.step()
    scene.cluster.failures["get_job"] = ClusterUnavailable("503")

    with pytest.raises(ClusterUnavailable):
        await scene.step()

    assert scene.phase == Phase.QUEUED
    assert (await scene.step())[0] == []


async def test_pods_are_asked_for_only_where_there_can_be_some() -> None:
    scene = Scene()
    scene.cluster.failures["list_pods"] = ClusterUnavailable("503")

    await scene.step()
    assert scene.phase == Phase.QUEUED
    with pytest.raises(ClusterUnavailable):
        await scene.step()


async def test_pods_of_another_job_with_the_same_label_are_not_its_own() -> None:
    scene = Scene()
    await scene.step()
    scene.cluster.pods["old"] = make_pod_resource(
        name="old", job_name="interview-99999999", state=running()
    )

    await scene.step()

    assert scene.phase == Phase.QUEUED
