"""What a client does to a job that runs on a real node: cancel, suspend, resume, delete."""

from pathlib import Path

import httpx
import pytest

from support.desk import Desk, condition
from support.media import write_audio
from support.reading import make_reading
from support.speech import librivox_clips
from support.spoken_words import count_word_errors
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

# So many that a job is at work for many seconds after it was seen to run, on an idle machine, too.
REPEATS = 48
SPOKEN = " ".join(clip.text for clip in librivox_clips() * REPEATS)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that is not done by the time its program has started."""
    path = tmp_path_factory.mktemp("audio") / "reading.m4a"
    return write_audio(path, make_reading(REPEATS), codec="aac")


def send(service: httpx.Client, recording: Path, model: str) -> str:
    answer = service.post(
        "/v2/jobs",
        params={"model": model, "file_name": recording.name},
        content=recording.read_bytes(),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def has_running_pod(desk: Desk, job_id: str) -> bool:
    return any(pod["status"].get("phase") in ("Pending", "Running") for pod in desk.pods(job_id))


def test_a_cancelled_job_ends_soon_and_its_objects_go_when_it_is_deleted(
    service: httpx.Client, desk: Desk, reading: Path
) -> None:
    job_id = send(service, reading, "base")
    desk.wait_for_phase(job_id, "Running")

    assert service.post(f"/v2/jobs/{job_id}/cancel").is_success
    ended = desk.wait_for_end(job_id)

    assert condition(ended, "Succeeded")["reason"] == "Cancelled"
    wait_until(lambda: not has_running_pod(desk, job_id), "its pod is gone")
    assert service.get(f"/v2/jobs/{job_id}").json()["phase"] == "Cancelled"
    assert any("/audio/" in key for key in desk.keys(f"{job_id}/"))

    answer = service.delete(f"/v2/jobs/{job_id}")

    assert answer.is_success, answer.text
    assert service.get(f"/v2/jobs/{job_id}").status_code == 404
    wait_until(lambda: not desk.keys(f"{job_id}/"), "the store holds nothing of it")


def test_a_suspended_job_leaves_its_place_and_ends_well_after_it_is_resumed(
    service: httpx.Client, desk: Desk, reading: Path
) -> None:
    job_id = send(service, reading, "tiny.en")
    desk.wait_for_phase(job_id, "Running")

    assert service.post(f"/v2/jobs/{job_id}/suspend").is_success
    desk.wait_for_phase(job_id, "Suspended")
    wait_until(lambda: not has_running_pod(desk, job_id), "its pod is gone")
    assert service.post(f"/v2/jobs/{job_id}/resume").is_success
    ended = desk.wait_for_end(job_id)

    assert condition(ended, "Succeeded")["reason"] == "Completed"
    heard = service.get(f"/v2/jobs/{job_id}/results/txt").text
    assert count_word_errors(heard, SPOKEN) <= 0.1 * len(SPOKEN.split())
