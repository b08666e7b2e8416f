"""kill -9 at any moment, of the server or of a job program: nothing accepted is lost."""

import hashlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from support.speech import Clip, librivox_clips
from support.spoken_words import count_word_errors, words_of
from support.standalone import NAMESPACE, Standalone, running_standalone
from support.waiting import wait_until
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import Source, TranscriptionJobSpec
from waas_standalone.job_controller import FREE_KILLS

pytestmark = pytest.mark.integration

_LONGEST_PAUSE_SECONDS = 5.0

# One that pauses after a kill may find itself behind all the others, in the program that has them.
_LONGEST_WAIT_SECONDS = 1500

_SHARE_OF_PROGRAMS_KILLED = 0.3

# Programs that are killed beyond these are failures.
_MOST_KILLS_OF_ONE_JOB = FREE_KILLS


@pytest.fixture
def server(tmp_path: Path, weights: Path) -> Iterator[Standalone]:
    with running_standalone(tmp_path, weights) as running:
        yield running


def kill_something(server: Standalone, chance: random.Random, hits: Counter[str]) -> str:
    """Kill a job program, or the server and start it again; returns which it was."""
    time.sleep(chance.uniform(0, _LONGEST_PAUSE_SECONDS))
    programs = server.job_processes()
    running = server.running_jobs()
    hits.update(running)
    may_hit = all(hits[job_id] <= _MOST_KILLS_OF_ONE_JOB for job_id in running)
    if programs and may_hit and chance.random() < _SHARE_OF_PROGRAMS_KILLED:
        with suppress(psutil.NoSuchProcess):
            programs[0].kill()
        return "program"
    hits.subtract(running)
    server.kill()
    server.start()
    return "server"


def accept(server: Standalone, clip: Clip, seconds: float = 0) -> dict[str, Clip]:
    """Send a recording; what the server has no answer to was not accepted."""
    with suppress(httpx.TransportError):
        return {server.upload(clip.path, seconds=seconds): clip}
    return {}


def digest_of(job_id: str) -> str:
    """Return the digest of what `accept` asks for."""
    source = Source(key=audio_key(NAMESPACE, job_id, "clip.flac"))
    return TranscriptionJobSpec(source=source, model="tiny.en").digest()


def assert_whole(server: Standalone, job_id: str, clip: Clip) -> None:
    """Check that there is one manifest, and that all that it names is what it says."""
    manifest = server.manifest(job_id)
    assert manifest.answers(NAMESPACE, job_id, digest_of(job_id))
    for file in manifest.files:
        content = server.object(file.key).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
    heard = server.transcript(job_id).text
    assert count_word_errors(heard, clip.text) <= len(words_of(clip.text)) // 3


def crash_often(server: Standalone, *, moments: int, recordings: int, seed: int) -> str:
    """Kill something at so many moments, check that all is there; returns what it came to."""
    begin = time.monotonic()
    chance = random.Random(seed)
    clips = librivox_clips()
    accepted: dict[str, Clip] = {}
    hits: Counter[str] = Counter()
    kills: Counter[str] = Counter()
    with ThreadPoolExecutor() as uploads:
        for moment in range(moments):
            while len(accepted) < recordings * (moment + 1) / moments:
                accepted |= accept(server, clips[len(accepted) % len(clips)])
            # One that the kill may fall into.
            seconds = chance.uniform(0, 2 * _LONGEST_PAUSE_SECONDS)
            upload = uploads.submit(accept, server, chance.choice(clips), seconds)
            kills[kill_something(server, chance, hits)] += 1
            accepted |= upload.result()

    for job_id, clip in accepted.items():
        ended = server.wait_for_end(job_id, timeout_seconds=_LONGEST_WAIT_SECONDS)
        assert ended["phase"] == "Succeeded", ended
        assert_whole(server, job_id, clip)
    # A server can be killed between its record of a job and its answer.
    jobs = {job["id"] for job in server.get("/v2/jobs?limit=500").json()["jobs"]}
    assert set(accepted) <= jobs
    for job_id in jobs:
        ended = server.wait_for_end(job_id, timeout_seconds=_LONGEST_WAIT_SECONDS)
        assert ended["phase"] == "Succeeded", ended
    server.stop()
    server.start()
    assert {path.name for path in server.object(NAMESPACE).iterdir()} == jobs
    assert list(server.object(NAMESPACE).rglob("*.part")) == []
    assert list((server.data / "runs").iterdir()) == []
    assert server.job_processes() == []
    return (
        f"{kills['server']} servers and {kills['program']} job programs killed, {len(accepted)} "
        f"recordings accepted, {len(jobs)} jobs, all right after {time.monotonic() - begin:.0f} s"
    )


def test_nothing_is_lost_at_five_random_moments(server: Standalone) -> None:
    crash_often(server, moments=5, recordings=5, seed=20261122)


def end_programs(server: Standalone, job_id: str, number: signal.Signals, times: int) -> None:
    """End a job's program by a signal, so many times in a row."""
    ended: set[int] = set()
    while len(ended) < times:
        programs = wait_until(
            lambda: [each for each in server.job_processes() if each.pid not in ended],
            f"a program after {len(ended)} that were ended; it is {server.job(job_id)}",
        )
        with suppress(psutil.NoSuchProcess):
            programs[0].send_signal(number)
        ended.add(programs[0].pid)


def test_a_job_whose_program_is_killed_five_times_succeeds(server: Standalone) -> None:
    clip = librivox_clips()[0]
    job_id = server.upload(clip.path)

    end_programs(server, job_id, signal.SIGKILL, 5)

    assert server.wait_for_end(job_id)["phase"] == "Succeeded", server.job(job_id)
    assert_whole(server, job_id, clip)


def test_a_recording_at_which_each_program_crashes_fails_with_a_reason(
    server: Standalone,
) -> None:
    job_id = server.upload(librivox_clips()[0].path)

    end_programs(server, job_id, signal.SIGSEGV, 3)

    job = server.wait_for_end(job_id)
    assert (job["phase"], job["reason"]) == ("Failed", "BackoffLimitExceeded")
    assert "ended unexpectedly" in job["message"]
    assert server.job_processes() == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nothing_is_lost_at_fifty_random_moments(
    server: Standalone, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = crash_often(server, moments=50, recordings=50, seed=5)

    with capsys.disabled():
        sys.stdout.write(f"\n50 random moments: {outcome}\n")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_small_files_come_back_right(
    server: Standalone, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = librivox_clips()
    asked = [clips[number % len(clips)] for number in range(200)]
    began = time.monotonic()

    accepted = [(server.upload(clip.path), clip) for clip in asked]

    uploaded = time.monotonic() - began
    for job_id, clip in accepted:
        assert server.wait_for_end(job_id, timeout_seconds=3000)["phase"] == "Succeeded"
        assert_whole(server, job_id, clip)
    seconds = time.monotonic() - began
    starts = server.programs[-1].output().count("a job program has started")
    with capsys.disabled():
        sys.stdout.write(
            f"\n200 small files: uploaded in {uploaded:.0f} s, transcribed in {seconds:.0f} s "
            f"by {starts} programs\n"
        )
    assert starts <= 10


def test_an_upload_that_a_crash_cut_off_leaves_nothing(server: Standalone) -> None:
    def killing() -> Iterator[bytes]:
        yield b"x" * 3_000_000
        wait_until(lambda: list((server.data / "unfinished").iterdir()), "the upload has begun")
        server.kill()
        yield b"x" * 3_000_000

    with pytest.raises(httpx.TransportError):
        httpx.post(f"{server.url}/v2/jobs", content=killing(), timeout=120, trust_env=False)

    server.start()
    assert server.get("/v2/jobs").json()["jobs"] == []
    assert list((server.data / "unfinished").iterdir()) == []
    assert not server.object(NAMESPACE).exists()


def test_audio_whose_job_was_never_made_is_put_aside(server: Standalone) -> None:
    job_id = server.upload(librivox_clips()[0].path)
    server.wait_for_end(job_id)
    server.kill()
    # As it lies there when the server dies between the audio and its job.
    lost = server.object(f"{NAMESPACE}/never-accepted/audio/clip.flac")
    lost.parent.mkdir(parents=True)
    lost.touch()

    server.start()

    assert not lost.exists()
    assert (server.data / "lost+found/default/never-accepted/audio/clip.flac").exists()
    assert server.job(job_id)["phase"] == "Succeeded"
