"""The store, the API server or the URLs fail for a while: nothing is lost, nothing charged."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.desk import Desk, condition
from support.kubernetes_api import pods_path
from support.media import write_audio
from support.pod_runner import PodRunner
from support.reading import make_reading
from support.service import BUCKET, OperatorProcess, Tenant
from support.speech import librivox_clip
from support.waiting import wait_until

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0880")


def failures_charged(desk: Desk) -> int:
    """Return how many pods the Job controller counts against backoffLimit."""
    return sum(job["status"].get("failed", 0) for job in desk.jobs())


def test_a_store_that_is_away_is_waited_for(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, tenant: Tenant
) -> None:
    key = desk.put_audio("clip", CLIP)
    operator.start(WAAS_STORAGE_PATIENCE_SECONDS="2")
    desk.create("a", source={"key": key}, model="tiny.en", backoffLimit=0, suspend=True)
    wait_until(desk.jobs, "the Job is there")

    tenant.minio_server.stop()
    try:
        desk.change("a", suspend=False)
        wait_until(
            lambda: any(run.exit_code == 75 for run in pod_runner.runs),
            "a pod has given up for now",
        )
    finally:
        tenant.minio_server.start()

    resource = desk.wait_for_end("a")
    assert condition(resource, "Succeeded")["reason"] == "Completed"
    assert failures_charged(desk) == 0
    assert resource["status"]["lastFailure"]["reason"] == "StorageUnavailable"


def test_a_store_that_is_away_before_the_job_is_made_delays_it(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, tenant: Tenant
) -> None:
    key = desk.put_audio("clip", CLIP)
    operator.start()
    tenant.minio_server.stop()
    try:
        desk.create("a", source={"key": key}, model="tiny.en")
        desk.wait_for(
            "a",
            "waits for the store",
            lambda found: condition(found, "Succeeded").get("reason") == "StorageUnavailable",
        )
        assert desk.jobs() == []
    finally:
        tenant.minio_server.start()

    assert condition(desk.wait_for_end("a"), "Succeeded")["reason"] == "Completed"
    assert [run.exit_code for run in pod_runner.runs] == [0]


def test_urls_that_expired_while_the_operator_was_away_are_renewed_free_of_charge(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner
) -> None:
    variables = {"WAAS_URL_LIFETIME_SECONDS": "10", "WAAS_STORAGE_PATIENCE_SECONDS": "2"}
    key = desk.put_audio("clip", CLIP)
    program = operator.start(**variables)
    desk.create("a", source={"key": key}, model="tiny.en", backoffLimit=0, suspend=True)
    desk.wait_for_phase("a", "Suspended")
    wait_until(desk.jobs, "the Job is there")
    program.kill()
    job = desk.jobs()[0]["metadata"]["name"]
    end = datetime.fromisoformat(desk.get("a")["status"]["urlsExpirationTime"])
    wait_until(lambda: datetime.now(UTC) > end, "the URLs have expired")
    desk.tenant.api.merge(
        f"/apis/batch/v1/namespaces/{desk.tenant.namespace}/jobs/{job}",
        {"spec": {"suspend": False}},
    )
    desk.change("a", suspend=False)
    wait_until(lambda: any(run.exit_code == 75 for run in pod_runner.runs), "a pod was refused")

    operator.start(**variables)

    assert condition(desk.wait_for_end("a"), "Succeeded")["reason"] == "Completed"
    assert failures_charged(desk) == 0


def test_an_api_server_that_restarts_is_followed_again(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, tenant: Tenant
) -> None:
    program = operator.start()
    operator.wait_until_ready()

    tenant.control_plane.stop_apiserver()
    tenant.control_plane.start_apiserver()
    desk.create("a", source={"key": desk.put_audio("clip", CLIP)}, model="tiny.en")

    assert condition(desk.wait_for_end("a"), "Succeeded")["reason"] == "Completed"
    assert program.process.poll() is None
    assert [run.exit_code for run in pod_runner.runs] == [0]


def test_a_deleted_pod_is_followed_by_another_while_the_urls_are_renewed(
    desk: Desk, operator: OperatorProcess, pod_runner: PodRunner, tmp_path: Path
) -> None:
    operator.start(WAAS_URL_LIFETIME_SECONDS="10")
    reading = make_reading(12)
    recording = write_audio(tmp_path / "reading.flac", reading, codec="flac")
    key = f"{desk.tenant.namespace}/by-hand/reading.flac"
    desk.store.fput_object(BUCKET, key, str(recording))
    desk.create("a", source={"key": key}, model="tiny.en", backoffLimit=1)
    desk.wait_for("a", "is at work", lambda found: "audio" in found.get("status", {}))
    first = desk.tenant.api.items(pods_path(desk.tenant.namespace))[0]["metadata"]["name"]

    desk.tenant.api.delete(pods_path(desk.tenant.namespace, first))

    resource = desk.wait_for_end("a")
    assert condition(resource, "Succeeded")["reason"] == "Completed", pod_runner.runs
    assert [run.exit_code for run in pod_runner.runs] == [143, 0]
    assert "Interrupted" in pod_runner.runs[0].termination_message
    assert desk.manifest("a").attempt == 1
