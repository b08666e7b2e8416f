"""A time to live and a time to start, on a real API server, Job controller and store."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from support.crashing_operator import CRASHED
from support.desk import Desk, condition
from support.kubernetes_api import jobs_path, pods_path, secrets_path, transcription_jobs_path
from support.pod_runner import PodRunner
from support.service import BUCKET, OperatorProcess
from support.speech import librivox_clip
from support.waiting import wait_until
from waas_contract.removal import LEASE, mark_removal

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0880")


def is_gone(desk: Desk, name: str) -> bool:
    return desk.tenant.api.find(transcription_jobs_path(desk.tenant.namespace, name)) is None


def put_upload(desk: Desk, name: str) -> str:
    """Put a clip where the api would have put it."""
    key = f"{desk.tenant.namespace}/{name}/audio/clip.flac"
    desk.store.fput_object(BUCKET, key, str(CLIP.path))
    return key


def test_what_expires_goes_with_all_its_objects_and_nothing_else(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    operator.start()
    by_hand = desk.put_audio("clip", CLIP)
    kept = put_upload(desk, "a-2")
    desk.create("a", source={"key": put_upload(desk, "a")}, model="tiny.en")
    desk.create("a-2", source={"key": kept}, model="tiny.en")
    for name in ("a", "a-2"):
        assert desk.wait_for_end(name)["status"]["phase"] == "Succeeded", pod_runner.runs
    assert "expiryTime" not in desk.get("a")["status"]
    kept_keys = desk.keys("a-2/")
    assert len(desk.keys("a/")) > 3

    # Long after the end, somebody says how long it is kept.
    desk.change("a", ttlSecondsAfterFinished=3600)
    status = desk.wait_for("a", "expires", lambda found: "expiryTime" in found["status"])["status"]
    expiry_time = datetime.fromisoformat(status["expiryTime"])
    assert expiry_time - datetime.fromisoformat(status["completionTime"]) == timedelta(hours=1)
    desk.change("a", ttlSecondsAfterFinished=1)

    wait_until(lambda: is_gone(desk, "a"), "the resource is gone")
    assert desk.keys("a/") == set()
    assert desk.keys("a-2/") == kept_keys
    assert by_hand in desk.keys("by-hand/")
    assert not is_gone(desk, "a-2")
    wait_until(lambda: len(desk.jobs()) == 1, "the garbage collector has taken its Job")


def test_a_time_to_live_that_ends_while_nobody_looks_is_seen_at_the_next_start(
    desk: Desk, operator: OperatorProcess
) -> None:
    program = operator.start()
    key = put_upload(desk, "a")
    spec = {"source": {"key": key}, "profile": "huge"}
    desk.create("a", **spec, ttlSecondsAfterFailure=5)
    desk.create("b", **spec)
    for name in ("a", "b"):
        assert desk.wait_for_end(name)["status"]["phase"] == "Failed"
    program.kill()
    assert not is_gone(desk, "a")
    time.sleep(5)

    operator.start(WAAS_DEFAULT_TTL_SECONDS="3600")

    wait_until(lambda: is_gone(desk, "a"), "the resource is gone")
    assert desk.keys("a/") == set()
    desk.wait_for("b", "expires", lambda found: "expiryTime" in found["status"])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_operator_that_dies_at_the_deletion_leaves_no_objects_without_a_record(
    desk: Desk, operator: OperatorProcess, moment: str
) -> None:
    # Refused at once, so that the writes are: the Secret, the status, the mark, the deletion.
    desk.create(
        "a", source={"key": put_upload(desk, "a")}, profile="huge", ttlSecondsAfterFailure=1
    )
    program = operator.start("support.crashing_operator", CRASH_AT=f"{moment}:4")

    assert program.process.wait(timeout=180) == CRASHED, program.output()
    assert desk.keys("a/") == set()
    assert is_gone(desk, "a") is (moment == "after")
    if moment == "before":
        # As if it had died some minutes ago: until then, another one leaves it alone.
        mark = mark_removal("somebody", datetime.now(UTC) - LEASE)
        path = transcription_jobs_path(desk.tenant.namespace, "a")
        desk.tenant.api.merge(path, {"metadata": {"annotations": mark}})

    operator.start()
    wait_until(lambda: is_gone(desk, "a"), "the resource is gone")


def test_a_job_that_does_not_start_in_time_fails_and_leaves_no_pod(
    desk: Desk, operator: OperatorProcess
) -> None:
    operator.start()
    # There is no node at all.
    source = {"key": desk.put_audio("clip", CLIP)}
    desk.create("a", source=source, queueDeadlineSeconds=10)
    desk.create("b", source=source, queueDeadlineSeconds=3600)
    desk.wait_for_phase("a", "Queued")
    wait_until(lambda: desk.pods("a"), "there is a pod")

    status = desk.wait_for_end("a")["status"]

    assert status["phase"] == "Failed"
    succeeded = condition({"status": status}, "Succeeded")
    assert (succeeded["status"], succeeded["reason"]) == ("False", "QueueDeadlineExceeded")
    waited = datetime.fromisoformat(status["completionTime"]) - datetime.fromisoformat(
        status["queuedTime"]
    )
    assert waited >= timedelta(seconds=10)
    assert desk.pods("a") == []
    namespace, api = desk.tenant.namespace, desk.tenant.api
    names = {status["jobName"]}
    for path in (jobs_path(namespace), secrets_path(namespace)):
        assert names.isdisjoint(each["metadata"]["name"] for each in api.items(path))
    assert len(api.items(pods_path(namespace))) == 1, "the other one waits on"
    assert desk.get("b")["status"]["phase"] == "Queued"
