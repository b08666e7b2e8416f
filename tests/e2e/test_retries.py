"""What becomes of a job whose pod is killed or evicted on a real node."""

import os
import signal
from pathlib import Path

import pytest

from support.desk import Desk, condition
from support.kubernetes_api import Resource, pods_path
from support.media import write_audio
from support.reading import make_reading
from support.release import JOB_NAMESPACE
from support.service import BUCKET
from support.speech import librivox_clips
from support.spoken_words import count_word_errors
from support.waiting import wait_until

pytestmark = pytest.mark.e2e

# So many windows that most of them still wait when the first ones are done: it is at work for some
# seconds after it was seen to be.
REPEATS = 40
SPOKEN = " ".join(clip.text for clip in librivox_clips()) + " "


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that takes long enough to be interrupted."""
    path = tmp_path_factory.mktemp("audio") / "reading.m4a"
    return write_audio(path, make_reading(REPEATS), codec="aac")


def start(desk: Desk, name: str, reading: Path, **spec: object) -> Resource:
    """Create a job and return its pod once the program is at work in it."""
    key = f"{JOB_NAMESPACE}/by-hand/{reading.name}"
    desk.store.fput_object(BUCKET, key, str(reading))
    desk.create(name, source={"key": key}, model="tiny.en", **spec)
    desk.wait_for(
        name,
        "is part of the way",
        lambda found: 0 < found.get("status", {}).get("progress", {}).get("percent", 0) < 100,
    )
    [pod] = desk.pods(name)
    return pod


def kill_program(pod: Resource) -> None:
    """Kill a pod's program from outside, as the kernel does when memory is short."""
    [process] = find_programs(pod)
    os.kill(int(process.name), signal.SIGKILL)


def find_programs(pod: Resource) -> list[Path]:
    """Return the folder in /proc of a pod's program, once it runs."""
    uid = pod["metadata"]["uid"]
    return [
        cgroup.parent
        for cgroup in Path("/proc").glob("[0-9]*/cgroup")
        if runs_program(cgroup.parent) and uid in read(cgroup)
    ]


def waits_for_sigterm(pod: Resource) -> bool:
    """Tell whether a pod's program has come so far that SIGTERM is not lost on it."""
    blocked = [
        int(line.split()[1], 16)
        for process in find_programs(pod)
        for line in read(process / "status").splitlines()
        if line.startswith("SigBlk:")
    ]
    return any(each >> (signal.SIGTERM - 1) & 1 for each in blocked)


def runs_program(process: Path) -> bool:
    command = read(process / "cmdline")
    return "waas_job" in command or "waas-job" in command


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def job_status(desk: Desk, name: str) -> Resource:
    job_name = desk.get(name)["status"]["jobName"]
    job = next(each for each in desk.jobs() if each["metadata"]["name"] == job_name)
    status: Resource = job["status"]
    return status


def assert_whole(desk: Desk, name: str, resource: Resource) -> None:
    assert condition(resource, "Succeeded")["reason"] == "Completed", resource["status"]
    files = resource["status"]["results"]["files"]
    text = next(each for each in files if each["format"] == "txt")
    heard = desk.read(text["key"]).decode()
    assert count_word_errors(heard, SPOKEN * REPEATS) <= 0.1 * len((SPOKEN * REPEATS).split())
    manifests = [key for key in desk.keys(f"{name}/") if key.endswith("manifest.json")]
    assert len(manifests) == 1


def test_a_killed_program_is_run_again_and_the_job_ends_well(desk: Desk, reading: Path) -> None:
    pod = start(desk, "killed", reading, backoffLimit=2)

    kill_program(pod)
    ended = desk.wait_for_end("killed")

    assert_whole(desk, "killed", ended)
    first, second = desk.pods("killed")
    assert first["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137
    assert second["status"]["phase"] == "Succeeded"
    assert job_status(desk, "killed")["failed"] == 1
    assert ended["status"]["attempts"] == 2


def test_a_killed_program_without_retries_fails_the_job(desk: Desk, reading: Path) -> None:
    pod = start(desk, "killed-once", reading, backoffLimit=0)

    kill_program(pod)
    ended = desk.wait_for_end("killed-once")

    assert ended["status"]["phase"] == "Failed"
    assert condition(ended, "Succeeded")["reason"] == "BackoffLimitExceeded"
    assert ended["status"]["lastFailure"]["exitCode"] == 137


def test_a_pod_that_is_evicted_or_deleted_is_replaced_and_an_eviction_costs_no_retry(
    desk: Desk, reading: Path
) -> None:
    api, name = desk.tenant.api, "disrupted"
    first = start(desk, name, reading, backoffLimit=1)["metadata"]["name"]

    api.create(
        f"{pods_path(JOB_NAMESPACE, first)}/eviction",
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": first}},
    )
    second = wait_for_another_pod(desk, name, {first})
    api.delete(pods_path(JOB_NAMESPACE, second))
    wait_for_another_pod(desk, name, {first, second})
    ended = desk.wait_for_end(name)

    assert_whole(desk, name, ended)
    status = job_status(desk, name)
    assert status["failed"] == 1, "the deletion alone was charged to the job"
    assert status["succeeded"] == 1


def wait_for_another_pod(desk: Desk, name: str, known: set[str]) -> str:
    """Return the name of a pod that is not one of those, once its program is up."""

    def others() -> list[str]:
        return [
            pod["metadata"]["name"]
            for pod in desk.pods(name)
            if pod["metadata"]["name"] not in known and waits_for_sigterm(pod)
        ]

    [other] = wait_until(others, "another pod runs")
    return other
