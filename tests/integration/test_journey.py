"""From `curl` to transcript: every program is real, and so are speech and weights."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from support.desk import Desk
from support.media import write_audio
from support.pod_runner import PodRunner
from support.reading import make_reading
from support.service import OperatorProcess
from support.speech import Clip, librivox_clip, librivox_clips
from support.spoken_words import words_of, words_of_captions
from support.waiting import wait_until
from waas_contract.transcript import Transcript

pytestmark = pytest.mark.integration

QUERY = {"model": "base", "language": "english", "email_callback": "desk@example.org"}


def upload(rest: httpx.Client, clip: Clip, **query: str) -> str:
    response = rest.post(
        "/v1/transcribe",
        params={**QUERY, "filename": clip.path.name, **query},
        content=clip.path.read_bytes(),
        headers={"Content-Type": "audio/flac"},
    )
    assert response.status_code == 201, response.text
    job_id: str = response.json()["job_id"]
    return job_id


def wait_until_finished(rest: httpx.Client, job_id: str) -> dict[str, object]:
    def find() -> dict[str, object] | None:
        found: dict[str, object] = rest.get(f"/v1/jobs/{job_id}").json()
        return found if found["status"] in ("finished", "failed", "canceled") else None

    return wait_until(find, f"{job_id} is finished")


def test_every_format_says_what_was_spoken(
    desk: Desk, operator: OperatorProcess, rest: httpx.Client, pod_runner: PodRunner
) -> None:
    operator.start()
    clips = librivox_clips()

    job_ids = [upload(rest, clip) for clip in clips]

    for clip, job_id in zip(clips, job_ids, strict=True):
        job = wait_until_finished(rest, job_id)
        assert job["status"] == "finished", job
        reference = words_of(clip.text)
        for output in ("srt", "vtt", "txt", "timecode_txt"):
            answer = rest.get(f"/v1/download/{job_id}", params={"output": output})
            assert answer.status_code == 200
            assert words_of_captions(answer.text) == reference, (clip.name, output)
        transcript = rest.get(f"/v1/download/{job_id}", params={"output": "json"}).json()
        assert words_of(transcript["text"]) == reference
        assert transcript["language"] == "en"
        manifest = desk.manifest(job_id)
        assert manifest.audio.duration_seconds == pytest.approx(clip.duration_seconds, abs=0.1)
        for file in manifest.files:
            assert len(desk.read(file.key)) == file.bytes
    assert len(pod_runner.runs) == len(clips)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_what_curl_uploads_is_what_the_resource_names(desk: Desk, rest: httpx.Client) -> None:
    clip = librivox_clip("0890")
    address = f"{rest.base_url}/v1/transcribe?model=base&email_callback=a%40example.org"
    command = ["curl", "-sS", "--fail", "-H", "Content-Type: audio/flac"]
    answer = subprocess.run(
        [*command, "--data-binary", f"@{clip.path}", f"{address}&filename=Bl%25C3%25A5b.flac"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    name = httpx.Response(200, text=answer).json()["job_id"]
    source = desk.get(name)["spec"]["source"]

    assert source["fileName"] == "Blåb.flac"
    assert source["key"] == f"{desk.tenant.namespace}/{name}/audio/Bl_b.flac"
    assert desk.read(source["key"]) == clip.path.read_bytes()


def test_a_job_is_followed_from_queue_to_transcript(
    desk: Desk, operator: OperatorProcess, rest: httpx.Client, pod_runner: PodRunner
) -> None:
    first = upload(rest, librivox_clip("0870"))
    second = upload(rest, librivox_clip("0880"))
    assert rest.get("/v1/queue").json() == {"count": 2, "length": 2}
    assert rest.get(f"/v1/jobs/{second}").json()["position_in_queue"] in (0, 1)
    early = rest.get(f"/v1/download/{first}")
    assert (early.status_code, early.text) == (425, "Job not done yet")

    operator.start()

    for job_id in (first, second):
        assert wait_until_finished(rest, job_id)["status"] == "finished"
    wait_until(lambda: rest.get("/v1/queue").json()["count"] == 0, "nobody waits")
    assert {run.exit_code for run in pod_runner.runs} == {0}
    assert desk.manifest(first).attempt == 1


def test_bad_audio_is_explained_to_the_person_who_sent_it(
    operator: OperatorProcess, rest: httpx.Client, pod_runner: PodRunner
) -> None:
    operator.start()
    answer = rest.post("/v1/transcribe", params=QUERY, content=b"Dear desk, see attached.")

    job = wait_until_finished(rest, answer.json()["job_id"])

    assert job["status"] == "failed"
    assert job["reason"] == "BadAudio"
    assert "audio" in str(job["message"])
    assert len(pod_runner.runs) == 1
    download = rest.get(f"/v1/download/{answer.json()['job_id']}")
    assert (download.status_code, download.text) == (500, "Job failed")


def test_the_transcript_in_the_store_reads_back(
    desk: Desk, operator: OperatorProcess, rest: httpx.Client, pod_runner: PodRunner
) -> None:
    operator.start()
    job_id = upload(rest, librivox_clip("0870"), language="")

    wait_until_finished(rest, job_id)

    content = desk.read(desk.manifest(job_id).files[0].key)
    transcript = Transcript.model_validate_json(content)
    assert transcript.segments
    assert transcript.language == "en", pod_runner.runs


def test_progress_is_seen_while_the_program_is_at_work(
    desk: Desk,
    operator: OperatorProcess,
    rest: httpx.Client,
    pod_runner: PodRunner,
    tmp_path: Path,
) -> None:
    operator.start()
    reading = make_reading(12)
    recording = write_audio(tmp_path / "reading.m4a", reading, codec="aac")
    answer = rest.post(
        "/v1/transcribe",
        params={**QUERY, "model": "tiny.en"},
        content=recording.read_bytes(),
    )
    job_id = answer.json()["job_id"]

    seen = desk.wait_for(
        job_id,
        "is part of the way",
        lambda found: 0 < found.get("status", {}).get("progress", {}).get("percent", 0) < 100,
    )

    assert seen["status"]["phase"] == "Running"
    assert seen["status"]["audio"]["durationSeconds"] == pytest.approx(len(reading) / 16_000, abs=1)
    assert 0 < rest.get(f"/v1/jobs/{job_id}").json()["progress"] <= 100
    assert wait_until_finished(rest, job_id)["progress"] == 100, pod_runner.runs
