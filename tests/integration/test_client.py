"""The Python client and the command on the whole service, every program of it real."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.desk import Desk
from support.pod_runner import PodRunner
from support.service import OperatorProcess, Tenant
from support.speech import librivox_clip, librivox_clips
from support.spoken_words import words_of
from waas_client import AsyncClient, Client, Job, JobOptions, errors
from waas_contract.job_status import Phase
from waas_contract.object_keys import job_prefix

pytestmark = pytest.mark.integration

WAAS = Path(sys.executable).with_name("waas")


@pytest.fixture
def server(rest: httpx.Client) -> str:
    return str(rest.base_url)


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def test_a_recording_becomes_a_transcript_and_can_be_deleted(
    client: Client,
    desk: Desk,
    tenant: Tenant,
    operator: OperatorProcess,
    pod_runner: PodRunner,  # noqa: ARG001 # runs the pods
) -> None:
    operator.start()
    clip = librivox_clip("0880")
    phases: list[str] = []

    job = client.submit(clip.path, JobOptions(model="base", language="english", formats=("srt",)))
    done = client.wait(job.id, on_change=lambda seen: phases.append(seen.phase))

    assert job.phase == Phase.PENDING
    assert (done.phase, done.file_name, done.fraction_done) == ("Succeeded", clip.path.name, 1.0)
    assert done.audio is not None
    assert done.audio.duration_seconds > 1
    assert phases[-1] == "Succeeded"
    assert words_of(client.result(job.id, "txt").decode()) == words_of(clip.text)
    stored = desk.read(f"{job_prefix(tenant.namespace, job.id)}results/1/transcript.srt")
    assert client.result(job.id, "srt") == stored

    client.delete(job.id)

    assert desk.keys(job_prefix(tenant.namespace, job.id)) == set()
    with pytest.raises(errors.JobNotFound):
        client.job(job.id)


def test_a_recording_without_sound_says_why(
    client: Client,
    operator: OperatorProcess,
    pod_runner: PodRunner,  # noqa: ARG001 # runs the pods
) -> None:
    operator.start()

    job = client.submit(io.BytesIO(b"\0no recording at all"), JobOptions(model="tiny.en"))

    with pytest.raises(errors.JobFailed) as caught:
        client.wait(job.id)
    assert caught.value.job.reason == "BadAudio"


def test_a_job_is_cancelled_for_good(client: Client, desk: Desk, operator: OperatorProcess) -> None:
    operator.start()
    job = client.submit(io.BytesIO(b"sound"))
    with pytest.raises(errors.JobNotEnded):
        client.delete(job.id)

    assert client.cancel(job.id).cancelled

    with pytest.raises(errors.JobCancelled):
        client.wait(job.id)
    assert desk.get(job.id)["status"]["phase"] == "Cancelled"
    assert client.cancel(job.id).phase == Phase.CANCELLED
    client.delete(job.id)


async def test_all_jobs_are_listed_over_all_pages(server: str) -> None:
    async with AsyncClient(server) as client:
        made = {(await client.submit(io.BytesIO(b"x"), file_name=f"{n}.mp3")).id for n in range(3)}
        listed: list[Job] = [job async for job in client.jobs()]

    assert {job.id for job in listed} == made
    assert sorted(job.file_name or "" for job in listed) == ["0.mp3", "1.mp3", "2.mp3"]


def test_a_folder_comes_back_by_the_command(
    server: str,
    tmp_path: Path,
    operator: OperatorProcess,
    pod_runner: PodRunner,  # noqa: ARG001 # runs the pods
) -> None:
    operator.start()
    clips = librivox_clips()[:2]
    for clip in clips:
        (tmp_path / clip.path.name).write_bytes(clip.path.read_bytes())
    (tmp_path / "broken.mp3").write_bytes(b"no recording at all")

    command = [str(WAAS), "transcribe", str(tmp_path), "--model", "base", "--format", "txt",
               "--server", server, "--json", "-o", str(tmp_path / "out")]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert result.returncode == 1, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1] == {"event": "end", "done": 2, "skipped": 0, "failed": 1}
    for clip in clips:
        text = (tmp_path / "out" / f"{clip.path.stem}.txt").read_text()
        assert words_of(text) == words_of(clip.text)
