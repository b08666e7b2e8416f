"""Clients of OpenAI's API that do not wait: what becomes of their jobs on one machine."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from support.speech import librivox_clip
from support.spoken_words import count_word_errors, words_of
from support.standalone import Standalone, running_standalone

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0870")


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    with running_standalone(tmp_path, weights, WAAS_OPENAI_MODEL="base") as running:
        yield running


def job_ids(server: Standalone) -> set[str]:
    return {job["id"] for job in server.get("/v2/jobs?limit=500").json()["jobs"]}


def assert_heard(text: str) -> None:
    assert count_word_errors(text, CLIP.text) <= len(words_of(CLIP.text)) // 5


def test_uploads_of_one_request_leave_one_recording(server: Standalone) -> None:
    impatient = openai.OpenAI(
        base_url=f"{server.url}/v1", api_key="unused", timeout=1.0, max_retries=30
    )
    with impatient:
        impatient.audio.transcriptions.create(file=CLIP.path, model="whisper-1")

    (job_id,) = job_ids(server)
    assert server.job(job_id)["model"] == "base"
    audio = server.object(f"default/{job_id}/audio")
    assert len(list(audio.iterdir())) == 1
    assert {each.name for each in server.object("default").iterdir()} == job_ids(server)


def test_who_waits_too_long_is_told_where_the_transcript_will_be(
    tmp_path: Path, weights: Path
) -> None:
    with running_standalone(tmp_path, weights, WAAS_OPENAI_LONGEST_WAIT_SECONDS="0.1") as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0)
        with client, pytest.raises(openai.InternalServerError) as caught:
            client.audio.transcriptions.create(file=CLIP.path, model="tiny.en")

        assert (caught.value.status_code, caught.value.code) == (504, "transcription_in_progress")
        assert isinstance(caught.value.body, dict)
        job_url = caught.value.body["job"]
        assert re.fullmatch("/v2/jobs/[0-9a-f]{40}", job_url)
        job_id = job_url.removeprefix("/v2/jobs/")
        assert server.wait_for_end(job_id)["phase"] == "Succeeded"
        assert_heard(json.loads(server.get(f"{job_url}/results/json").text)["text"])


def ask_and_time_out(client: openai.OpenAI, is_accepted: Callable[[], bool]) -> None:
    seconds = 0.5
    while not is_accepted():
        # However slow the machine is, the jobs before this one are slower.
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=seconds).audio.transcriptions.create(
                file=CLIP.path, model="tiny.en"
            )
        seconds *= 2


def ask_for_a_stream_and_leave(client: openai.OpenAI, _: Callable[[], bool]) -> None:
    client.audio.transcriptions.create(file=CLIP.path, model="tiny.en", stream=True).close()


@pytest.mark.parametrize("leave", [ask_and_time_out, ask_for_a_stream_and_leave])
def test_a_job_that_nobody_waits_for_any_more_is_cancelled(
    tmp_path: Path, weights: Path, leave: Callable[[openai.OpenAI, Callable[[], bool]], None]
) -> None:
    with running_standalone(
        tmp_path, weights, WAAS_OPENAI_GRACE_SECONDS="1", WAAS_PROCESSES="1"
    ) as server:
        # A program that is busy with others lets the job wait for its turn.
        others = [server.upload(CLIP.path, model="base") for _ in range(4)]
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
            leave(client, lambda: bool(job_ids(server) - set(others)))

        (job_id,) = job_ids(server) - set(others)
        assert server.wait_for_end(job_id)["phase"] == "Cancelled"
        for each in others:
            server.cancel(each)
