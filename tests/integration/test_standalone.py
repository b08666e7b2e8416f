"""The whole service on one machine: REST in, the real job program with real weights, REST out."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.speech import librivox_clip, librivox_clips
from support.spoken_words import count_word_errors, words_of
from support.standalone import NAMESPACE, Standalone, running_standalone
from support.waiting import wait_until
from waas_client import Client

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    with running_standalone(tmp_path, weights) as running:
        yield running


def test_a_recording_becomes_a_transcript(server: Standalone) -> None:
    clip = librivox_clip("0870")

    job_id = server.upload(clip.path, "Blåbær (1).flac")

    job = server.wait_for_end(job_id)
    assert (job["phase"], job["progress"]) == ("Succeeded", 100)
    subtitles = server.get(f"/v1/download/{job_id}?output=srt").text
    assert subtitles.startswith("1\n00:00:0")
    text = server.get(f"/v1/download/{job_id}?output=txt").text
    assert count_word_errors(text, clip.text) <= len(words_of(clip.text)) // 5
    logs = list((server.data / "logs" / job_id).iterdir())
    assert len(logs) == 1
    assert '"done"' in logs[0].read_text()
    assert list((server.data / "unfinished").iterdir()) == []


class Counting(httpx.HTTPTransport):
    """Notes what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        return super().handle_request(request)


def test_a_client_is_told_of_a_job_and_asks_once(server: Standalone) -> None:
    counting = Counting()
    phases: list[str] = []
    with Client(server.url, transport=counting) as client:
        job_id = client.submit(librivox_clip("0870").path).id
        client.wait(job_id, on_change=lambda job: phases.append(job.phase))

    assert counting.asked[-2:] == [f"/v2/jobs/{job_id}", f"/v2/jobs/{job_id}/events"]
    assert counting.asked.count(f"/v2/jobs/{job_id}") == 1
    assert "Running" in phases
    assert phases[-1] == "Succeeded"


def test_what_is_no_audio_fails_at_once_and_takes_nobody_with_it(server: Standalone) -> None:
    first = server.upload(librivox_clip("0880").path)
    bad = server.upload(b"\0This is no sound.", "notes.mp3")
    good = server.upload(librivox_clip("0890").path)

    job = server.wait_for_end(bad)
    assert (job["phase"], job["reason"], job["attempts"]) == ("Failed", "BadAudio", 1)
    for each in (first, good):
        assert server.wait_for_end(each)["phase"] == "Succeeded"


def test_a_model_that_is_not_there_is_told(server: Standalone) -> None:
    job_id = server.upload(librivox_clip("0870").path, model="small")

    job = server.wait_for_end(job_id)
    assert (job["phase"], job["reason"]) == ("Failed", "ModelNotFound")
    assert "waas models pull small" in job["message"]


def test_cancelled_jobs_end_and_the_others_go_on(server: Standalone) -> None:
    ids = [server.upload(clip.path) for clip in librivox_clips()[:4]]
    server.wait_for_phase(ids[0], "Running")
    # One that a program is at, and one that it has not come to.
    server.cancel(ids[0])
    server.cancel(ids[2])

    phases = [server.wait_for_end(each)["phase"] for each in ids]

    assert phases == ["Cancelled", "Succeeded", "Cancelled", "Succeeded"]
    assert not (server.object(f"default/{ids[2]}/manifest.json")).exists()


def test_one_of_a_batch_is_cancelled_and_the_rest_is_kept(server: Standalone) -> None:
    clips = librivox_clips()
    ids = [server.upload(clip.path) for clip in (*clips, *clips)]
    server.wait_for_phase(ids[1], "Succeeded")
    assert len(server.job_processes()) == 1
    running = next(each for each in ids[2:] if server.job(each)["phase"] == "Running")
    server.cancel(running)

    phases = {each: server.wait_for_end(each)["phase"] for each in ids}

    assert phases.pop(running) == "Cancelled"
    assert set(phases.values()) == {"Succeeded"}
    assert all(server.job(each)["attempts"] == 1 for each in phases)


def test_a_server_that_stops_takes_its_work_up_again(server: Standalone) -> None:
    ids = [server.upload(clip.path) for clip in librivox_clips()[:3]]
    server.wait_for_phase(ids[0], "Running")

    assert server.stop() == 0
    assert server.job_processes() == []
    server.start()

    for each in ids:
        assert server.wait_for_end(each)["phase"] == "Succeeded"


def test_a_killed_server_leaves_no_program_behind_that_the_next_one_does_not_end(
    server: Standalone,
) -> None:
    job_id = server.upload(librivox_clip("0870").path)
    (orphan,) = wait_until(server.job_processes, "a job program runs")
    server.kill()
    assert orphan.is_running()

    server.start()

    assert not orphan.is_running()
    assert server.wait_for_end(job_id)["phase"] == "Succeeded"
    assert server.job(job_id)["attempts"] == 2


def test_several_small_files_share_a_program(server: Standalone) -> None:
    clips = librivox_clips()
    asked = [clips[number % len(clips)] for number in range(12)]

    ids = [server.upload(clip.path) for clip in asked]

    for job_id, clip in zip(ids, asked, strict=True):
        assert server.wait_for_end(job_id)["phase"] == "Succeeded"
        heard = server.transcript(job_id).text
        assert count_word_errors(heard, clip.text) <= len(words_of(clip.text)) // 3
    starts = server.programs[-1].output().count("a job program has started")
    assert starts < len(ids) / 2


def test_a_deleted_job_leaves_nothing(server: Standalone) -> None:
    job_id = server.upload(librivox_clip("0870").path)
    server.wait_for_end(job_id)

    server.delete(job_id)

    assert server.get(f"/v2/jobs/{job_id}").status_code == 404
    assert not server.object(f"default/{job_id}").exists()


def test_what_expires_goes_with_its_objects_also_while_the_server_is_away(
    server: Standalone,
) -> None:
    expiring, kept = (server.upload(librivox_clip("0880").path) for _ in range(2))
    for job_id in (expiring, kept):
        assert server.wait_for_end(job_id)["phase"] == "Succeeded"
    server.stop()
    server.change_specs({expiring: {"ttlSecondsAfterFinished": 1}})
    assert server.object(f"{NAMESPACE}/{expiring}").exists()

    server.start()

    wait_until(lambda: server.get(f"/v2/jobs/{expiring}").status_code == 404, "the record is gone")
    assert not server.object(f"{NAMESPACE}/{expiring}").exists()
    assert server.transcript(kept).text
    assert server.job(kept)["phase"] == "Succeeded"


def test_a_default_time_to_live_is_for_those_that_name_none(tmp_path: Path, weights: Path) -> None:
    with running_standalone(tmp_path, weights, WAAS_DEFAULT_TTL_SECONDS="3") as server:
        job_id = server.upload(b"\0This is no sound.", "notes.mp3")

        wait_until(lambda: server.get(f"/v2/jobs/{job_id}").status_code == 404, "it has expired")
        assert list(server.object(NAMESPACE).iterdir()) == []
        assert server.job_processes() == []


def test_who_goes_first_is_decided_when_there_is_room(tmp_path: Path, weights: Path) -> None:
    speech = librivox_clip("0870").path
    with running_standalone(tmp_path, weights, WAAS_PROCESSES="1") as server:
        low = server.upload(speech)
        server.wait_for_phase(low, "Running")
        normal, late, high = (server.upload(speech) for _ in range(3))
        server.stop()
        changes = {low: {"priority": "low"}, high: {"priority": "high"}}
        server.change_specs({**changes, late: {"queueDeadlineSeconds": 1, "priority": "low"}})

        server.start()

        ends = {job_id: server.wait_for_end(job_id) for job_id in (high, normal, low, late)}
        first, second, third = (ends[each] for each in (high, normal, low))
        assert {each["phase"] for each in (first, second, third)} == {"Succeeded"}
        assert first["completionTime"] < second["completionTime"] < third["completionTime"]
        assert (ends[late]["phase"], ends[late]["reason"]) == ("Failed", "QueueDeadlineExceeded")
        assert ends[late]["startTime"] is None


def test_a_deadline_ends_the_program(server: Standalone) -> None:
    source = server.upload(librivox_clip("0870").path)
    server.wait_for_end(source)
    server.stop()
    job_id = server.add("in-a-hurry", source, active_deadline_seconds=1)

    server.start()

    job = server.wait_for_end(job_id)
    assert (job["phase"], job["reason"]) == ("Failed", "DeadlineExceeded")
    assert job["attempts"] == 1
    wait_until(lambda: not server.job_processes(), "no program lives on")


def test_programs_at_once_have_cores_of_their_own(tmp_path: Path, weights: Path) -> None:
    with running_standalone(tmp_path, weights, WAAS_PROCESSES="2") as server:
        ids = [server.upload(clip.path) for clip in librivox_clips()[:4]]
        one, other = wait_until(
            lambda: found if len(found := server.job_processes()) == 2 else None,
            "two programs run at once",
        )
        cores = [set(program.cpu_affinity()) for program in (one, other)]

        assert {server.wait_for_end(each)["phase"] for each in ids} == {"Succeeded"}
        assert cores[0].isdisjoint(cores[1]) or len(cores[0] | cores[1]) == 1


def test_ctrl_c_ends_the_server_in_good_order(server: Standalone) -> None:
    job_id = server.upload(librivox_clip("0870").path)
    server.wait_for_phase(job_id, "Running")

    server.programs[-1].process.send_signal(signal.SIGINT)

    assert server.programs[-1].process.wait(180) == 0
    assert server.job_processes() == []
    server.start()
    assert server.wait_for_end(job_id)["phase"] == "Succeeded"


def test_the_death_of_who_holds_its_input_ends_the_server(tmp_path: Path, weights: Path) -> None:
    os.mkfifo(tmp_path / "input")
    command = f"exec '{sys.executable}' -m waas_standalone < '{tmp_path / 'input'}'"
    server = Standalone(tmp_path, weights, {"WAAS_STOP_AT_END_OF_INPUT": "true"})
    server.command = ["sh", "-c", command]
    holder = subprocess.Popen(["sh", "-c", f"exec sleep 600 > '{tmp_path / 'input'}'"])
    try:
        program = server.start()
        job_id = server.upload(librivox_clip("0870").path)
        server.wait_for_phase(job_id, "Running")

        holder.kill()

        assert program.process.wait(180) == 0
        assert server.job_processes() == []
    finally:
        holder.kill()
        holder.wait()
        server.close()
