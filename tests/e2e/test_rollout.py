"""Upgrades while twenty jobs arrive, wait and run: nothing is lost, nothing is done twice."""

import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cluster.node import Node
from images.building import ensure_variant
from images.catalogue import ROOT
from support.desk import Desk, condition
from support.release import Release
from support.speech import librivox_clips

pytestmark = pytest.mark.e2e

BATCH = 20
BEFORE = 6
"""How many of the batch are there when the upgrade begins."""


@contextmanager
def sending(release: Release) -> Iterator[list[str]]:
    """Send a batch through the Service while something else goes on; yields the ids so far."""
    address = f"http://{release.service_address('api')}/v2/jobs"
    clips = sorted(librivox_clips(), key=lambda clip: clip.duration_seconds)[:3]
    ids: list[str] = []
    enough = threading.Event()

    def send_all() -> None:
        try:
            for number in range(BATCH):
                if number >= BEFORE:
                    time.sleep(0.5)
                clip = clips[number % len(clips)]
                # Each by a connection of its own, as twenty people have.
                answer = httpx.post(
                    address,
                    params={"model": "tiny.en", "file_name": clip.path.name},
                    content=clip.path.read_bytes(),
                    headers={"Content-Type": "audio/flac"},
                    timeout=60,
                )
                assert answer.status_code == 201, answer.text
                ids.append(answer.json()["id"])
                if len(ids) == BEFORE:
                    enough.set()
        finally:
            enough.set()

    with ThreadPoolExecutor(max_workers=1) as pool:
        sender = pool.submit(send_all)
        enough.wait()
        yield ids
        sender.result()


def assert_all_done_once(desk: Desk, ids: list[str]) -> None:
    for job_id in ids:
        ended = desk.wait_for_end(job_id)
        assert condition(ended, "Succeeded")["reason"] == "Completed", job_id
        assert ended["status"]["attempts"] == 1, job_id
        assert len(desk.pods(job_id)) == 1, f"{job_id}: one pod"
        assert desk.manifest(job_id).attempt == 1, job_id
    # The Job that fills the model cache is nobody's.
    owners = [
        owner["name"] for job in desk.jobs() for owner in job["metadata"].get("ownerReferences", [])
    ]
    assert all(owners.count(job_id) == 1 for job_id in ids), "one Job each"


def test_new_programs_take_over_and_the_old_ones_come_back(
    release: Release, node: Node, desk: Desk
) -> None:
    old_pods = {pod["metadata"]["uid"] for pod in release.pods("operator")}
    next_image = ensure_variant("operator", "rollout")
    node.load([release.images["operator"], next_image])

    with sending(release) as ids:
        desk.wait_for_phase(ids[0], "Running", "Succeeded")
        release.install(operator_image=next_image, api_settings={"disclaimer": "new"})
        new_pods = release.pods("operator")
        under_way = [job_id for job_id in ids if not is_final(desk, job_id)]

    assert under_way, "the new operator found jobs that the old one had begun"
    assert len(new_pods) == len(old_pods) == 2
    for pod in new_pods:
        assert pod["metadata"]["uid"] not in old_pods
        assert pod["spec"]["containers"][0]["image"] == next_image
    # While they still run: what was begun under the new one ends under the old one.
    release.roll_back()
    [*again] = release.pods("operator")
    assert {pod["spec"]["containers"][0]["image"] for pod in again} == {release.images["operator"]}
    assert len(ids) == BATCH
    assert_all_done_once(desk, ids)


def is_final(desk: Desk, name: str) -> bool:
    return desk.get(name).get("status", {}).get("phase") in ("Succeeded", "Failed", "Cancelled")


@pytest.fixture
def last_released_chart(tmp_path: Path) -> Path:
    """The chart as the last tag has it."""
    tags = git("tag", "--list", "v*", "--sort=-version:refname").split()
    if not tags:
        pytest.skip("there is no release yet from which one could upgrade: no tag v*")
    archive = tmp_path / "chart.tar"
    git("archive", f"--output={archive}", tags[0], "charts/waas")
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    return tmp_path / "charts/waas"


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_the_last_release_is_upgraded_while_jobs_arrive(
    release: Release, desk: Desk, last_released_chart: Path
) -> None:
    release.install(chart=last_released_chart)

    with sending(release) as ids:
        release.install()

    assert len(ids) == BATCH
    assert_all_done_once(desk, ids)
