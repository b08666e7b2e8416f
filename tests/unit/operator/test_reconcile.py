"""A reconciler in an in-memory world: what is written, and in which order."""

import json
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest

from support.builders import CHILD_NAME, NOW, make_settings
from support.kubernetes_objects import (
    make_condition,
    make_job_resource,
    running,
    terminated,
)
from support.scene import Scene
from waas_contract.job_status import (
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_operator.errors import ClusterUnavailable, Conflict, Refused


async def test_a_whole_life() -> None:
    scene = Scene()

    assert await scene.step() == (["apply_secret", "create_job", "replace_status"], 300)
    assert scene.phase == Phase.QUEUED
    assert scene.cluster.secrets.keys() == scene.cluster.jobs.keys() == {CHILD_NAME}

    assert await scene.step(5) == ([], 300)

    scene.set_pod(running(scene.now))
    assert await scene.step() == (["replace_status"], 15)
    assert scene.phase == Phase.RUNNING

    note = {"processedSeconds": 3, "durationSeconds": 9, "updatedTime": "2026-11-22T12:00:10Z"}
    scene.note_progress(json.dumps(note))
    assert await scene.step(15) == (["replace_status"], 15)
    assert scene.status.progress
    assert scene.status.progress.percent == 33
    assert await scene.step(15) == ([], 15)

    scene.publish()
    scene.set_pod(terminated(0, finish_time=scene.now))
    assert await scene.step() == ([], 15)

    scene.cluster.jobs[CHILD_NAME] = make_job_resource(make_condition("Complete"))
    assert await scene.step() == (["delete_secret", "replace_status"], None)
    assert scene.phase == Phase.SUCCEEDED
    assert scene.cluster.secrets == {}

    last = scene.status
    scene.cluster.jobs.clear()
    scene.store.notes.clear()
    assert await scene.step(3600) == ([], None)
    assert scene.status == last


async def test_nothing_is_done_about_what_is_gone_or_going() -> None:
    scene = Scene()
    job = scene.cluster.transcription_jobs["interview"]
    metadata = job.metadata.model_copy(update={"deletion_timestamp": NOW})
    scene.cluster.put(job.model_copy(update={"metadata": metadata}))
    assert await scene.step() == ([], None)

    scene.cluster.transcription_jobs.clear()
    assert await scene.step() == ([], None)


async def test_a_job_that_is_refused_says_why_and_is_tried_again() -> None:
    scene = Scene()
    scene.cluster.failures["create_job"] = Refused("POST jobs: 403 exceeded quota: gpus")

    with pytest.raises(Refused):
        await scene.step()

    assert scene.cluster.writes == ["apply_secret", "replace_status"]
    assert scene.phase == Phase.PENDING
    message = "POST jobs: 403 exceeded quota: gpus"
    assert scene.condition(ConditionType.STARTED) == ("False", "Pending", message)
    assert scene.condition(ConditionType.SUCCEEDED) == ("Unknown", "Pending", message)

    assert (await scene.step())[0] == ["apply_secret", "create_job", "replace_status"]
    assert scene.condition(ConditionType.STARTED) == ("False", "Pending", "")


async def test_a_job_that_is_there_already_is_looked_at_soon() -> None:
    scene = Scene()
    scene.cluster.jobs[CHILD_NAME] = make_job_resource(owner_uid="somebody-else")

    assert (await scene.step())[1] == 5
    assert await scene.step(5) == (["delete_secret", "replace_status"], None)
    assert scene.condition(ConditionType.SUCCEEDED)[1] == "NameConflict"


async def test_a_queue_deadline_is_looked_at_when_it_is_due() -> None:
    scene = Scene(queue_deadline_seconds=60)
    await scene.step()
    assert await scene.step(5) == ([], 55)

    assert await scene.step(55) == (["delete_job", "replace_status"], 5)
    assert scene.phase == Phase.QUEUED
    assert await scene.step(5) == (["replace_status"], 5)
    assert await scene.step(5) == ([], 5)
    scene.cluster.jobs.clear()

    assert await scene.step() == (["delete_secret", "replace_status"], None)
    assert scene.phase == Phase.FAILED
    assert scene.condition(ConditionType.SUCCEEDED) == (
        "False",
        "QueueDeadlineExceeded",
        "The job did not start within spec.queueDeadlineSeconds.",
    )


async def test_a_clock_that_is_not_the_servers_fails_nobody_who_waits() -> None:
    scene = Scene(queue_deadline_seconds=60)
    scene.cluster.distrust = "the clocks differ"
    await scene.step()

    assert await scene.step(3600) == ([], 300)
    assert scene.phase == Phase.QUEUED
    scene.cluster.distrust = None
    assert await scene.step() == (["delete_job", "replace_status"], 5)


async def test_a_quota_that_is_used_up_does_not_hide_the_queue_deadline() -> None:
    scene = Scene(queue_deadline_seconds=60)
    scene.now += timedelta(seconds=20)
    scene.cluster.failures["create_job"] = Refused("no quota")
    with pytest.raises(Refused) as refused:
        await scene.step()
    assert refused.value.next_look_seconds == 40

    assert await scene.step(40) == (["delete_secret", "replace_status"], None)
    assert scene.phase == Phase.FAILED


async def test_the_queue_deadline_counts_from_the_end_of_a_suspension() -> None:
    scene = Scene(queue_deadline_seconds=60, suspend=True)
    await scene.step()
    await scene.step(600)
    assert (scene.phase, scene.status.queued_time) == (Phase.SUSPENDED, None)

    scene.cluster.change("interview", suspend=False)
    await scene.step()
    assert scene.status.queued_time == scene.now
    await scene.step(59)
    assert scene.phase == Phase.QUEUED

    assert "delete_job" in (await scene.step(1))[0]


async def test_a_status_that_says_the_same_is_not_written_again() -> None:
    scene = Scene()
    for _ in range(2):
        scene.cluster.failures["create_job"] = Refused("no quota")
        with pytest.raises(Refused):
            await scene.step()

    assert scene.cluster.writes == ["apply_secret"]


FAILING_CALLS = [
    ("somebody wrote in between", "replace_status", Conflict("409")),
    ("Kubernetes is away for reads", "get_transcription_job", ClusterUnavailable("503")),
    ("Kubernetes is away for Secrets", "apply_secret", ClusterUnavailable("503")),
    ("Kubernetes is away for a new Job", "create_job", ClusterUnavailable("503")),
]


NOT_TO_START = [
    ("it was cancelled", {"cancelled": True}, ["delete_job", "replace_status"]),
    ("its profile is gone", {"profile": "none"}, ["apply_secret", "replace_status"]),
]


@pytest.mark.parametrize(
    ("spec", "writes"), [pytest.param(*case[1:], id=case[0]) for case in NOT_TO_START]
)
async def test_a_job_that_no_status_tells_of_is_found_before_all_but_a_start(
    spec: dict[str, Any], writes: list[str]
) -> None:
    scene = Scene(**spec)
    scene.cluster.jobs[CHILD_NAME] = make_job_resource()

    assert (await scene.step())[0] == writes


@pytest.mark.parametrize(
    ("method", "error"), [pytest.param(*case[1:], id=case[0]) for case in FAILING_CALLS]
)
async def test_what_fails_is_for_the_queue_to_repeat(method: str, error: Exception) -> None:
    scene = Scene()
    scene.cluster.failures[method] = error

    with pytest.raises(type(error)):
        await scene.step()
    assert scene.status == TranscriptionJobStatus()

    await scene.step()
    assert scene.phase == Phase.QUEUED
    assert len(scene.cluster.jobs) == 1


async def test_suspending_and_resuming() -> None:
    scene = Scene()
    await scene.step()

    scene.cluster.change("interview", suspend=True)
    assert await scene.step() == (["suspend_job", "replace_status"], 5)
    assert scene.phase == Phase.SUSPENDED
    scene.cluster.change("interview", suspend=False)

    assert await scene.step() == (["resume_job", "replace_status"], 5)
    assert scene.phase == Phase.QUEUED


async def test_cancelling_waits_for_the_pods() -> None:
    scene = Scene()
    await scene.step()
    scene.set_pod(running())
    scene.cluster.change("interview", cancelled=True)

    assert await scene.step() == (["delete_job", "replace_status"], 5)
    assert scene.condition(ConditionType.SUCCEEDED)[:2] == ("Unknown", "Cancelling")
    assert (await scene.step())[0] == ["replace_status"]
    scene.cluster.jobs.clear()
    assert await scene.step() == ([], 5)
    scene.cluster.pods.clear()

    assert await scene.step() == (["delete_secret", "replace_status"], None)
    assert scene.phase == Phase.CANCELLED


async def test_urls_are_renewed_at_half_their_life_with_the_same_attempts() -> None:
    scene = Scene(make_settings(url_lifetime_seconds=400, resync_seconds=300))
    await scene.step()
    assert await scene.step(199) == ([], 100)
    writes, _ = await scene.step(1)

    assert writes == ["apply_secret", "replace_status"]
    assert scene.status.urls_expiration_time == scene.now + timedelta(seconds=400)
    assert urls_attempts(scene) == [1, 2, 3]


async def test_a_pod_that_failed_gets_its_successor_another_attempt_and_takes_none_away() -> None:
    scene = Scene()
    await scene.step()
    scene.set_pod(terminated(70), name="first")
    scene.set_pod(running(), name="second")

    assert (await scene.step())[0] == ["apply_secret", "replace_status"]
    assert urls_attempts(scene) == [1, 2, 3, 4]

    assert (await scene.step())[0] == []


async def test_attempts_of_another_request_of_the_same_name_are_used_up() -> None:
    scene = Scene()
    scene.publish(spec_digest="sha256:of-another-request", attempt=5)

    await scene.step()

    assert urls_attempts(scene) == [1, 2, 3, 4, 5, 6, 7, 8]


def urls_attempts(scene: Scene) -> list[int]:
    content = b64decode(scene.cluster.secrets[CHILD_NAME]["data"]["interview.json"])
    return [each["attempt"] for each in json.loads(content)["attempts"]]
