"""The main job on a real node: audio in through the Service or by kubectl, transcripts out."""

import json
import re
import time
from collections.abc import Callable

import httpx
import pytest
from openai import OpenAI

from support.desk import Desk, condition
from support.kubernetes_api import Resource, transcription_job_resource
from support.release import JOB_NAMESPACE, NAME, NAMESPACE, Release
from support.speech import librivox_clip
from support.spoken_words import words_of, words_of_captions
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

CLIP = librivox_clip("0870")
CAPTION_FORMATS = ("srt", "vtt", "txt", "timecode_txt")


def test_an_upload_to_the_service_becomes_every_format(
    service: httpx.Client, desk: Desk, release: Release, tell_figures: Callable[[str], None]
) -> None:
    started = time.monotonic()
    answer = service.post(
        "/v1/transcribe",
        params={"model": "base", "email_callback": "desk@example.org", "filename": CLIP.path.name},
        content=CLIP.path.read_bytes(),
    )
    assert answer.status_code == 201, answer.text
    job_id = answer.json()["job_id"]

    wait_until(
        lambda: service.get(f"/v1/jobs/{job_id}").json()["status"] in ("finished", "failed"),
        f"{job_id} has ended",
        timeout_seconds=300,
    )

    seconds = time.monotonic() - started
    tell_figures(f"{CLIP.duration_seconds:.1f} s of speech, base, in {seconds:.1f} s")
    assert service.get(f"/v1/jobs/{job_id}").json()["status"] == "finished"
    spoken = words_of(CLIP.text)
    for output in CAPTION_FORMATS:
        download = service.get(f"/v1/download/{job_id}", params={"output": output})
        assert words_of_captions(download.text) == spoken, output
    transcript = service.get(f"/v1/download/{job_id}", params={"output": "json"}).json()
    assert words_of(transcript["text"]) == spoken
    manifest = desk.manifest(job_id)
    assert {str(file.format) for file in manifest.files} >= {"json", "srt", "vtt", "txt"}
    for file in manifest.files:
        assert len(desk.read(file.key)) == file.bytes
    assert release.images["job"].endswith(desk.pods(job_id)[0]["spec"]["containers"][0]["image"])


def test_a_resource_applied_with_kubectl_becomes_a_transcript(
    desk: Desk, release: Release, tell_figures: Callable[[str], None]
) -> None:
    source = {"key": desk.put_audio("clip", CLIP)}
    resource = transcription_job_resource("by-hand", source=source, model="base", language="en")

    started = time.monotonic()
    release.run_kubectl("-n", JOB_NAMESPACE, "apply", "-f", "-", stdin=json.dumps(resource))
    release.run_kubectl(
        "-n", JOB_NAMESPACE, "wait", "tj/by-hand", "--for=condition=Succeeded", "--timeout=300s"
    )
    seconds = time.monotonic() - started

    tell_figures(f"{CLIP.duration_seconds:.1f} s of speech, base, in {seconds:.1f} s")
    row = release.run_kubectl("-n", JOB_NAMESPACE, "get", "tj", "by-hand", "--no-headers").split()
    assert row[:5] == ["by-hand", "Succeeded", "100", "base", "Completed"]
    files = desk.get("by-hand")["status"]["results"]["files"]
    text = next(each for each in files if each["format"] == "txt")
    assert words_of(desk.read(text["key"]).decode()) == words_of(CLIP.text)


def test_the_openai_client_gets_its_transcript(release: Release) -> None:
    with OpenAI(
        base_url=f"http://{release.service_address('api')}/v1", api_key="unused", max_retries=0
    ) as client:
        answer = client.audio.transcriptions.create(
            file=CLIP.path, model="tiny.en", response_format="verbose_json"
        )

    assert words_of(answer.text) == words_of(CLIP.text)
    assert answer.duration == pytest.approx(CLIP.duration_seconds, abs=0.1)


def test_helm_test_passes_and_leaves_nothing(release: Release, desk: Desk) -> None:
    before = {each["metadata"]["name"] for each in desk.transcription_jobs()}

    output = release.run_helm("test", NAME, "--timeout", "240s")

    assert re.search(r"Phase: +Succeeded", output)
    assert {each["metadata"]["name"] for each in desk.transcription_jobs()} == before
    assert release.pods("test") == []


def test_bad_audio_ends_with_one_pod_and_a_plain_sentence(
    desk: Desk, service: httpx.Client
) -> None:
    answer = service.post(
        "/v1/transcribe",
        params={"email_callback": "desk@example.org", "model": "tiny.en"},
        content=b"Dear desk, see attached.",
    )

    ended = desk.wait_for_end(answer.json()["job_id"])

    succeeded = condition(ended, "Succeeded")
    assert (succeeded["status"], succeeded["reason"]) == ("False", "BadAudio")
    assert len(desk.pods(ended["metadata"]["name"])) == 1


def test_every_pod_runs_the_image_that_was_built_here(
    release: Release, desk: Desk, transcribed: Resource
) -> None:
    ran = {component: release.pods(component) for component in ("api", "operator", "minio")}
    ran["job"] = desk.pods(transcribed["metadata"]["name"])

    for component, pods in ran.items():
        assert pods, component
        for pod in pods:
            [status] = pod["status"]["containerStatuses"]
            assert status["image"] == release.images[component], component
            assert status["imageID"].startswith("sha256:"), "it was imported, not pulled"


def test_the_programs_reach_each_other_by_name(release: Release, service: httpx.Client) -> None:
    assert service.get("/readyz").json() == {"status": "ok", "notReady": []}
    pods = release.pods("operator")

    assert len(pods) == 2, "one leads and one follows"
    for pod in pods:
        ready = next(each for each in pod["status"]["conditions"] if each["type"] == "Ready")
        assert ready["status"] == "True"
        assert pod["metadata"]["namespace"] == NAMESPACE
