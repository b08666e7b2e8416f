"""POST /v1/detect with the real job program: the language comes, and the job goes."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from minio import Minio

from support.desk import Desk
from support.kubernetes_api import transcription_jobs_path
from support.media import read_samples, write_wav
from support.pod_runner import PodRunner
from support.service import OperatorProcess, Tenant, running_api
from support.speech import librivox_clip
from support.standalone import Standalone, running_standalone
from support.waiting import wait_until
from waas_api.intake.recording_head import HEAD_BYTES

pytestmark = pytest.mark.integration

MEBIBYTE = 1024 * 1024
ENGLISH = b'{"detectedLanguage":"english","languageCode":"en"}\n'
AUDIO = {"Content-Type": "audio/flac"}
CLIP = librivox_clip("0870")


def detect(url: str, content: bytes, query: str = "model=base") -> httpx.Response:
    return httpx.post(
        f"{url}/v1/detect?{query}", content=content, headers=AUDIO, timeout=180, trust_env=False
    )


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    with running_standalone(tmp_path, weights) as running:
        yield running


def jobs_of(server: Standalone) -> list[str]:
    return [job["id"] for job in server.get("/v2/jobs").json()["jobs"]]


def assert_nothing_stays(server: Standalone) -> None:
    wait_until(lambda: not jobs_of(server), "the job is removed")
    assert [each for each in server.data.glob("objects/**/*") if each.is_file()] == []


def test_one_machine_tells_the_language_and_keeps_nothing(server: Standalone) -> None:
    answer = detect(server.url, CLIP.path.read_bytes())

    assert (answer.status_code, answer.content) == (200, ENGLISH), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert_nothing_stays(server)
    assert server.get("/v1/stats").content == b'{"total_time_transcribed":0.0}\n'


def test_the_beginning_of_a_long_recording_is_enough(server: Standalone, tmp_path: Path) -> None:
    clip = read_samples(CLIP.path)
    times = HEAD_BYTES // (2 * len(clip)) + 20
    recording = write_wav(tmp_path / "long.wav", np.tile(clip, times))
    assert recording.stat().st_size > HEAD_BYTES + MEBIBYTE

    answer = detect(server.url, recording.read_bytes())

    assert (answer.status_code, answer.content) == (200, ENGLISH), answer.text
    assert_nothing_stays(server)


def test_one_machine_says_what_is_wrong_with_a_file(server: Standalone) -> None:
    answer = detect(server.url, b"Dear desk, see attached.")

    assert answer.status_code == 400, answer.text
    assert answer.text.startswith("Language not detected: ")
    assert_nothing_stays(server)


def test_one_machine_is_done_with_a_client_that_leaves(server: Standalone) -> None:
    content = CLIP.path.read_bytes()
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.sendall(
            f"POST /v1/detect?model=base HTTP/1.1\r\nHost: {host}\r\nContent-Type: audio/flac\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        wait_until(lambda: jobs_of(server), "the job is made")

    assert_nothing_stays(server)


def test_a_server_that_stops_takes_the_job_with_it(tmp_path: Path, weights: Path) -> None:
    with (
        running_standalone(tmp_path, weights, WAAS_LONGEST_STOP_SECONDS="0") as server,
        ThreadPoolExecutor(1) as client,
    ):
        waiting = client.submit(detect, server.url, CLIP.path.read_bytes())
        wait_until(lambda: jobs_of(server), "the job is made")

        assert server.stop() == 0

        assert waiting.result().status_code == 500
        server.start()
        # One that had no time to go has been asked to end.
        jobs = server.get("/v2/jobs").json()["jobs"]
        assert all(job["cancelled"] for job in jobs)


def test_a_limit_that_is_reached_is_told_and_the_job_goes(tmp_path: Path, weights: Path) -> None:
    with running_standalone(tmp_path, weights, WAAS_LONGEST_DETECTION_SECONDS="1") as server:
        answer = detect(server.url, CLIP.path.read_bytes())

        assert answer.status_code == 504, answer.text
        assert answer.text.startswith("The language was not found within 1 s.")
        assert int(answer.headers["retry-after"]) > 0
        assert_nothing_stays(server)


def test_a_cluster_tells_the_language_and_keeps_nothing(
    tenant: Tenant,
    desk: Desk,
    operator: OperatorProcess,
    rest: httpx.Client,
    pod_runner: PodRunner,
) -> None:
    operator.start()

    answer = detect(str(rest.base_url).rstrip("/"), CLIP.path.read_bytes())

    assert (answer.status_code, answer.content) == (200, ENGLISH), (answer.text, pod_runner.runs)
    path = transcription_jobs_path(tenant.namespace)
    wait_until(lambda: not tenant.api.items(path), "the job is removed")
    assert desk.keys("") == set()
    assert len(pod_runner.runs) == 1


def test_a_cluster_where_nothing_runs_jobs_says_so_in_time(
    tenant: Tenant, object_store: Minio, tmp_path: Path
) -> None:
    with running_api(tenant, tmp_path, WAAS_LONGEST_DETECTION_SECONDS="2") as rest:
        answer = detect(str(rest.base_url).rstrip("/"), CLIP.path.read_bytes())

        assert answer.status_code == 504
        # Nobody ends the job, so that it is left to the operator, with a request to end.
        path = transcription_jobs_path(tenant.namespace)
        (job,) = wait_until(
            lambda: [each for each in tenant.api.items(path) if each["spec"]["cancelled"]],
            "the job is asked to end",
        )
        assert job["spec"]["task"] == "detect"
        assert job["spec"]["ttlSecondsAfterFinished"] == 300
        assert Desk(tenant, object_store).keys(f"{job['metadata']['name']}/") != set()
